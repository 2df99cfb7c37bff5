// One line of an access explanation as a sentence.
import type { AccessLine } from "../backend";
import { m } from "../paraglide/messages.js";
import { visible } from "./names";

const WHO = { everyone: m.who_everyone, authenticated: m.who_authenticated, owner: m.who_owner, other: m.who_other };
const BY = { acl: m.by_acl, policy: m.by_policy, publicAccessBlock: m.by_block, ownership: m.by_ownership, owner: m.by_owner, default: m.by_default };

function what(line: AccessLine): string {
  switch (line.what) {
    case "readObjects":
      if (line.prefix === null) return m.what_read_object();
      return line.prefix === "" ? m.what_read_all() : m.what_read_in({ prefix: visible(line.prefix) });
    case "listNames":
      return m.what_list_names();
    case "writeObjects":
      return m.what_write_objects();
    case "readAcl":
      return m.what_read_acl();
    case "writeAcl":
      return m.what_write_acl();
  }
}

export function lineText(line: AccessLine): string {
  // "Everyone may not read" can be read as "not everyone may".
  if (!line.allowed && line.who === "everyone") return m.line_nobody({ what: what(line) });
  const args = { who: WHO[line.who](), what: what(line) };
  return line.allowed ? m.line_may(args) : m.line_may_not(args);
}

export function lineBy(line: AccessLine): string {
  return BY[line.by]();
}
