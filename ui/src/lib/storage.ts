/** S3's storage classes as words; another provider's own class is shown as it is. */
const CLASSES: Record<string, string> = {
  STANDARD: "Standard",
  REDUCED_REDUNDANCY: "Reduced",
  STANDARD_IA: "Standard-IA",
  ONEZONE_IA: "One Zone-IA",
  INTELLIGENT_TIERING: "Intelligent",
  GLACIER: "Glacier",
  GLACIER_IR: "Glacier IR",
  DEEP_ARCHIVE: "Deep Archive",
  EXPRESS_ONEZONE: "Express",
};

export const STORAGE_CLASSES = ["STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"];

export function storageClassName(id: string): string {
  return Object.hasOwn(CLASSES, id) ? (CLASSES[id] ?? id) : id;
}
