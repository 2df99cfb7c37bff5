// Names come from servers and may hold anything. They are only ever shown as text, and what the eye
// could not see (control characters, direction overrides) is made visible first.

/** Control characters as their Unicode pictures; direction overrides and other invisible marks as "‹U+202E›". */
export function visible(name: string): string {
  let out = "";
  for (const ch of name) {
    const c = ch.codePointAt(0) ?? 0;
    if (c < 0x20) out += String.fromCodePoint(0x2400 + c);
    else if (c === 0x7f) out += "\u2421";
    else if ((c >= 0x80 && c < 0xa0) || isInvisible(c)) out += `‹U+${c.toString(16).toUpperCase().padStart(4, "0")}›`;
    else out += ch;
  }
  return out;
}

function isInvisible(c: number): boolean {
  return (
    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
    c === 0x200b || c === 0x200e || c === 0x200f || c === 0x2028 || c === 0x2029 || c === 0xfeff
  );
}

/** The end of a long name tells files apart, so it is kept: head gets the ellipsis, tail stays. */
export function splitName(name: string, tail = 12): { head: string; tail: string } {
  const chars = Array.from(name);
  if (chars.length <= tail * 2) return { head: name, tail: "" };
  const dot = name.lastIndexOf(".");
  const fromDot = dot > 0 ? Array.from(name.slice(dot)).length + 4 : tail;
  const keep = fromDot > 4 && fromDot <= tail + 8 ? fromDot : tail;
  return { head: chars.slice(0, -keep).join(""), tail: chars.slice(-keep).join("") };
}

/** Only where every letter reads left to right: splitting an Arabic name would tear its order. */
export function canSplit(name: string): boolean {
  return !/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(name);
}

const KINDS: Record<string, FileKind> = {};
export type FileKind = "image" | "video" | "audio" | "archive" | "code" | "table" | "text" | "data" | "file";
function kind(k: FileKind, extensions: string): void {
  for (const e of extensions.split(" ")) KINDS[e] = k;
}
kind("image", "png jpg jpeg gif webp avif svg bmp tif tiff heic ico psd raw cr2 nef");
kind("video", "mp4 mov mkv avi webm m4v mpg mpeg");
kind("audio", "mp3 wav flac aac ogg m4a opus aiff");
kind("archive", "zip gz tgz tar bz2 xz zst 7z rar deb rpm dmg iso");
kind("code", "js ts rs py go java c h cpp rb php sh html css svelte vue swift kt");
kind("table", "csv tsv xlsx xls parquet ods");
kind("text", "txt md pdf doc docx rtf odt tex log");
kind("data", "json yaml yml toml xml sql db sqlite avro orc");

export function fileKind(name: string): FileKind {
  const dot = name.lastIndexOf(".");
  if (dot <= 0) return "file";
  const extension = name.slice(dot + 1).toLowerCase();
  return Object.hasOwn(KINDS, extension) ? (KINDS[extension] ?? "file") : "file";
}

/** "photos/2024/" of "photos/2024/a.jpg"; of a folder, its parent. */
export function parentPrefix(key: string): string {
  const trimmed = key.endsWith("/") ? key.slice(0, -1) : key;
  return trimmed.slice(0, trimmed.lastIndexOf("/") + 1);
}

export function crumbs(prefix: string): { name: string; prefix: string }[] {
  const out: { name: string; prefix: string }[] = [];
  let at = 0;
  for (let slash = prefix.indexOf("/"); slash !== -1; slash = prefix.indexOf("/", at)) {
    out.push({ name: prefix.slice(at, slash), prefix: prefix.slice(0, slash + 1) });
    at = slash + 1;
  }
  return out;
}

/** What a person may type or paste into the path bar: s3://bucket/prefix, bucket/prefix, or /prefix of this bucket. */
export function parsePath(text: string, currentBucket: string | null): { bucket: string; prefix: string } | null {
  const trimmed = text.trim();
  const local = /^\/(.*)$/.exec(trimmed);
  if (local && currentBucket !== null) return { bucket: currentBucket, prefix: asPrefix(local[1] ?? "") };
  const match = /^(?:s3:\/\/|arn:aws[a-z-]*:s3:::)?([^/\s:]+)(?:\/(.*))?$/.exec(trimmed);
  if (!match?.[1]) return null;
  return { bucket: match[1], prefix: asPrefix(match[2] ?? "") };
}

function asPrefix(path: string): string {
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}
