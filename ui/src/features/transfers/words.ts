import type { Job, JobState, TransferItem } from "../../backend";
import { bytes, count, duration, rate } from "../../lib/format";
import { visible } from "../../lib/names";
import { m } from "../../paraglide/messages.js";

const STATES: Record<JobState | "skipped", () => string> = {
  queued: m.state_queued,
  running: m.state_running,
  paused: m.state_paused,
  waiting: m.state_waiting,
  verifying: m.state_verifying,
  completed: m.state_completed,
  failed: m.state_failed,
  cancelled: m.state_cancelled,
  skipped: m.state_skipped,
};

export function stateWord(state: JobState | "skipped"): string {
  return STATES[state]();
}

const KINDS = { upload: m.job_upload, download: m.job_download, delete: m.job_delete, copy: m.job_copy, change: m.job_change };

export function jobTitle(job: Job): string {
  return KINDS[job.kind]({ title: visible(job.title) });
}

export function jobWhere(job: Job): string {
  const place = `${job.bucket}/${visible(job.prefix)}`;
  if (job.kind === "upload" || job.kind === "copy") return m.job_to({ place, connection: job.profileName });
  return job.kind === "download" ? m.job_from({ place, connection: job.profileName }) : m.job_in({ place, connection: job.profileName });
}

/** What is special about a job, beside where it goes. */
export function jobNotes(job: Job): string[] {
  const notes: string[] = [];
  if (job.elsewhere) notes.push(m.job_elsewhere());
  if (job.priority !== "normal") notes.push(job.priority === "high" ? m.job_high() : m.job_low());
  if (job.speedLimit !== null) notes.push(m.speed_at_most({ rate: rate(job.speedLimit) }));
  return notes;
}

/** The right-hand side of a job's line: what counts in this state. */
export function jobProgress(job: Job): string {
  if (job.planning) return m.job_planning({ n: count(job.filesTotal) });
  const parts: string[] = [];
  if (job.kind === "delete" || job.kind === "change") parts.push(m.job_count({ done: count(job.filesDone), total: count(job.filesTotal) }));
  else if (job.state === "completed") {
    parts.push(bytes(job.bytesDone));
    if (job.filesTotal > 1) parts.push(m.job_files({ n: job.filesTotal, nText: count(job.filesTotal) }));
  } else {
    parts.push(m.job_bytes({ done: bytes(job.bytesDone), total: bytes(job.bytesTotal) }));
    if (job.filesTotal > 1) parts.push(m.job_count({ done: count(job.filesDone), total: count(job.filesTotal) }));
  }
  if (job.filesFailed > 0) parts.push(m.job_failed({ n: count(job.filesFailed) }));
  if (job.filesSkipped > 0) parts.push(m.job_skipped({ n: count(job.filesSkipped) }));
  if (job.state === "running" && job.rate > 0) parts.push(rate(job.rate));
  if (job.state === "running" && job.secondsLeft !== null) parts.push(m.time_left({ time: duration(job.secondsLeft) }));
  return parts.join(" · ");
}

export function itemProgress(item: TransferItem): string {
  if (item.state === "completed") return [item.size === null ? "" : bytes(item.size), item.verified ?? ""].filter(Boolean).join(" · ");
  if (item.size === null) return "";
  if (item.state !== "running") return bytes(item.size);
  const parts: string[] = [m.job_bytes({ done: bytes(item.bytesDone), total: bytes(item.size) })];
  if (item.rate > 0) parts.push(rate(item.rate));
  if (item.secondsLeft !== null) parts.push(m.time_left({ time: duration(item.secondsLeft) }));
  return parts.join(" · ");
}

const VERIFIED: Record<string, () => string> = {
  crc64nvme: m.verified_crc64nvme,
  crc32c: m.verified_crc32c,
  crc32: m.verified_crc32,
  sha1: m.verified_sha1,
  sha256: m.verified_sha256,
  "crc32-parts": () => m.verified_parts({ sum: "CRC32" }),
  "crc32c-parts": () => m.verified_parts({ sum: "CRC32C" }),
  "sha1-parts": () => m.verified_parts({ sum: "SHA-1" }),
  "sha256-parts": () => m.verified_parts({ sum: "SHA-256" }),
  md5: m.verified_md5,
  etag: m.verified_etag,
  size: m.verified_size,
};

/** By what a finished transfer was verified; never more than is true. */
export function verifiedText(by: string | null): string {
  const words = by === null ? undefined : VERIFIED[by];
  return words ? ` · ${words()}` : "";
}
