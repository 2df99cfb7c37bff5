// What each check is called, what it is good for, and where it stands on the sheet.
import { m } from "../../paraglide/messages.js";

export type Check = { title: () => string; about: () => string };
export type Group = { id: string; label: () => string; checks: Record<string, Check> };

/** As many as a healthy server gets. */
export const USUAL = 27;

export const GROUPS: readonly Group[] = [
  {
    id: "connection",
    label: m.doctor_group_connection,
    checks: {
      reach: { title: m.doctor_reach_title, about: m.doctor_reach_about },
      tls: { title: m.doctor_tls_title, about: m.doctor_tls_about },
      signature: { title: m.doctor_signature_title, about: m.doctor_signature_about },
      clock: { title: m.doctor_clock_title, about: m.doctor_clock_about },
      region: { title: m.doctor_region_title, about: m.doctor_region_about },
      bucket: { title: m.doctor_bucket_title, about: m.doctor_bucket_about },
      addressing: { title: m.doctor_addressing_title, about: m.doctor_addressing_about },
    },
  },
  {
    id: "read",
    label: m.doctor_group_read,
    checks: {
      listing: { title: m.doctor_listing_title, about: m.doctor_listing_about },
      listEncoding: { title: m.doctor_list_encoding_title, about: m.doctor_list_encoding_about },
      listStart: { title: m.doctor_list_start_title, about: m.doctor_list_start_about },
      ranges: { title: m.doctor_ranges_title, about: m.doctor_ranges_about },
      conditionalReads: { title: m.doctor_conditional_reads_title, about: m.doctor_conditional_reads_about },
    },
  },
  {
    id: "write",
    label: m.doctor_group_write,
    checks: {
      write: { title: m.doctor_write_title, about: m.doctor_write_about },
      checksums: { title: m.doctor_checksums_title, about: m.doctor_checksums_about },
      contentMd5: { title: m.doctor_content_md5_title, about: m.doctor_content_md5_about },
      conditionalWrites: { title: m.doctor_conditional_writes_title, about: m.doctor_conditional_writes_about },
      copy: { title: m.doctor_copy_title, about: m.doctor_copy_about },
      multipart: { title: m.doctor_multipart_title, about: m.doctor_multipart_about },
      multipartEnd: { title: m.doctor_multipart_end_title, about: m.doctor_multipart_end_about },
      partNumbers: { title: m.doctor_part_numbers_title, about: m.doctor_part_numbers_about },
      uploads: { title: m.doctor_uploads_title, about: m.doctor_uploads_about },
      multiDelete: { title: m.doctor_multi_delete_title, about: m.doctor_multi_delete_about },
    },
  },
  {
    id: "settings",
    label: m.doctor_group_settings,
    checks: {
      versions: { title: m.doctor_versions_title, about: m.doctor_versions_about },
      acl: { title: m.doctor_acl_title, about: m.doctor_acl_about },
      publicAccessBlock: { title: m.doctor_public_access_block_title, about: m.doctor_public_access_block_about },
      ownership: { title: m.doctor_ownership_title, about: m.doctor_ownership_about },
      encryption: { title: m.doctor_encryption_title, about: m.doctor_encryption_about },
      lifecycle: { title: m.doctor_lifecycle_title, about: m.doctor_lifecycle_about },
      cors: { title: m.doctor_cors_title, about: m.doctor_cors_about },
      website: { title: m.doctor_website_title, about: m.doctor_website_about },
      objectLock: { title: m.doctor_object_lock_title, about: m.doctor_object_lock_about },
      tagging: { title: m.doctor_tagging_title, about: m.doctor_tagging_about },
    },
  },
];
