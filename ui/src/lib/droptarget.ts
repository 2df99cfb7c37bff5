// Which element a drop at a point belongs to. Targets say what they are with data-drop attributes:
//   data-drop="folder|prefix|bucket|crumb" with data-drop-profile, data-drop-bucket, data-drop-prefix.
export type DropTarget = { element: HTMLElement; profile: string; bucket: string; prefix: string };
export type PointLookup = (x: number, y: number) => Element | null;

/** `where` is null over something that takes no files. */
export function dropTargetAt(x: number, y: number, lookup: PointLookup = (px, py) => document.elementFromPoint(px, py)): DropTarget | null {
  const element = lookup(x, y)?.closest<HTMLElement>("[data-drop]");
  if (!element) return null;
  const { dropProfile, dropBucket, dropPrefix } = element.dataset;
  if (dropProfile === undefined || dropBucket === undefined) return null;
  return { element, profile: dropProfile, bucket: dropBucket, prefix: dropPrefix ?? "" };
}

/** "photos/" or, at the top of a bucket, the bucket's name. */
export function dropPlaceName(target: Pick<DropTarget, "bucket" | "prefix">): string {
  if (target.prefix === "") return target.bucket;
  return target.prefix.slice(target.prefix.slice(0, -1).lastIndexOf("/") + 1);
}
