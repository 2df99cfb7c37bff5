// AWS's rules for new bucket names, one answer at a time so that the field can say what to change.
export type BucketNameProblem =
  | "short" | "long" | "characters" | "uppercase" | "edges" | "dots" | "address" | "reserved";

export function bucketNameProblem(name: string): BucketNameProblem | null {
  if (/[A-Z]/.test(name)) return "uppercase";
  if (/[^a-z0-9.-]/.test(name)) return "characters";
  if (name.length < 3) return "short";
  if (name.length > 63) return "long";
  if (!/^[a-z0-9]/.test(name) || !/[a-z0-9]$/.test(name)) return "edges";
  if (/\.\.|\.-|-\./.test(name)) return "dots";
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(name)) return "address";
  if (/^(xn--|sthree-|amzn-s3-demo-)/.test(name) || /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)) return "reserved";
  return null;
}
