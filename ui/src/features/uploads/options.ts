import type { UploadOptions } from "../../backend";
import { m } from "../../paraglide/messages.js";

type Form = Omit<UploadOptions, "contentType" | "cacheControl" | "storageClass"> & {
  contentType: string;
  cacheControl: string;
  storageClass: string;
};

/** Empty fields mean "as it comes"; pairs without a name are dropped. */
export function cleaned(form: Form): UploadOptions {
  const orNull = (s: string): string | null => (s.trim() === "" ? null : s.trim());
  return {
    visibility: form.visibility,
    protection: form.protection,
    storageClass: orNull(form.storageClass),
    contentType: orNull(form.contentType),
    cacheControl: orNull(form.cacheControl),
    metadata: form.metadata.filter(([name]) => name.trim() !== "").map(([name, value]) => [name.trim().toLowerCase(), value]),
  };
}

/** Metadata travels as HTTP headers: names are tokens, each once, 2 KB in all. */
export function metadataProblem(metadata: [string, string][]): string | null {
  const seen = new Set<string>();
  let size = 0;
  for (const [raw, value] of metadata) {
    const name = raw.trim().toLowerCase();
    if (name === "") {
      if (value.trim() !== "") return m.options_metadata_no_name();
      continue;
    }
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return m.options_metadata_bad_name({ name: raw });
    if (seen.has(name)) return m.options_metadata_twice({ name: raw });
    seen.add(name);
    size += name.length + new TextEncoder().encode(value).length;
  }
  return size > 2048 ? m.options_metadata_long() : null;
}
