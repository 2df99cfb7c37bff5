// What a deletion will do, said before it is done. Pure, so that every wording has a test.
import type { Frozen } from "../../backend";
import type { Ask } from "../../lib/asks.svelte";
import { bytes, count } from "../../lib/format";
import { visible } from "../../lib/names";
import { m } from "../../paraglide/messages.js";

/** More than this, gone for good, has to be typed. */
const TYPED_FROM = 100;

export function deleteAsk(frozen: Frozen, place: { bucket: string }): Ask {
  const { objects, folders, versioning } = frozen;
  const permanent = versioning !== "versioned";
  const body: string[] = [];
  if (folders > 0) body.push(m.delete_with_folders({ folders, foldersText: count(folders), objectsText: count(objects) }));
  body.push(
    versioning === "versioned" ? m.delete_versioned() : versioning === "unversioned" ? m.delete_unversioned({ size: bytes(frozen.bytes) }) : m.delete_unknown(),
  );
  // With folders the names are those of the rows, which say nothing about the number of objects.
  const rest = folders === 0 ? objects - frozen.sample.length : 0;
  const sample = frozen.sample.map(visible);
  if (rest > 0) sample.push(m.delete_and_more({ rest: count(rest) }));
  const first = frozen.sample[0];
  const single = objects === 1 && folders === 0 && first !== undefined;
  return {
    title: single
      ? m.delete_title_one({ name: visible(first) })
      : m.delete_title({ objects, objectsText: count(objects), bucket: place.bucket }),
    body,
    sample: single ? [] : sample,
    action: single ? m.delete_action_one() : m.delete_action({ objects, objectsText: count(objects) }),
    tone: "danger",
    ...(permanent && objects > TYPED_FROM ? { typed: m.delete_typed_word() } : {}),
  };
}
