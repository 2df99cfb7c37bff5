// Which jobs are shown, in which group, in which order. Pure, so that it can be held to its word.
import type { Job, JobKind, Priority } from "../../backend";

export type Show = "all" | "active" | "paused" | "failed" | "done";
export type SortBy = "line" | "newest" | "name" | "size";
export type View = { show: Show; kind: JobKind | "all"; search: string; sort: SortBy };
export type GroupId = "active" | "paused" | "over";
export type Group = { id: GroupId; jobs: Job[] };

export function isOver(job: Job): boolean {
  return job.state === "completed" || job.state === "failed" || job.state === "cancelled";
}

export function hasFailed(job: Job): boolean {
  return job.state === "failed" || (isOver(job) && job.filesFailed > 0);
}

export function groupOf(job: Job): GroupId {
  if (isOver(job)) return "over";
  return job.state === "paused" ? "paused" : "active";
}

const RANK: Record<Priority, number> = { high: 0, normal: 1, low: 2 };

/** As the engine takes them: the higher priority, then the smaller position. */
export function inLine(a: Job, b: Job): number {
  return RANK[a.priority] - RANK[b.priority] || a.position - b.position || a.id - b.id;
}

const names = new Intl.Collator("en", { numeric: true });
const SORTS: Record<Exclude<SortBy, "line">, (a: Job, b: Job) => number> = {
  newest: (a, b) => b.id - a.id,
  name: (a, b) => names.compare(a.title, b.title) || b.id - a.id,
  size: (a, b) => b.bytesTotal - a.bytesTotal || b.id - a.id,
};

const SHOWS: Record<Show, (job: Job) => boolean> = {
  all: () => true,
  active: (job) => groupOf(job) === "active",
  paused: (job) => job.state === "paused",
  failed: hasFailed,
  done: (job) => isOver(job) && !hasFailed(job),
};

export function fits(job: Job, view: View): boolean {
  if (!SHOWS[view.show](job)) return false;
  if (view.kind !== "all" && job.kind !== view.kind) return false;
  const words = view.search.toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${job.title}\n${job.bucket}/${job.prefix}\n${job.profileName}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What is done comes newest first, whatever the line was. */
export function groups(jobs: readonly Job[], view: View): Group[] {
  const shown = jobs.filter((job) => fits(job, view));
  const finished = (a: Job, b: Job): number => (b.finishedAt ?? "").localeCompare(a.finishedAt ?? "") || b.id - a.id;
  return (["active", "paused", "over"] as const)
    .map((id): Group => {
      const sort = view.sort === "line" ? (id === "over" ? finished : inLine) : SORTS[view.sort];
      return { id, jobs: shown.filter((job) => groupOf(job) === id).sort(sort) };
    })
    .filter((group) => group.jobs.length > 0);
}

/**
 * Where "one up" or "one down" puts a job among those of its group and priority: before which job it goes, null for
 * behind all; undefined where it can't move.
 */
export function step(jobs: readonly Job[], job: Job, by: -1 | 1): number | null | undefined {
  if (isOver(job)) return undefined;
  const line = jobs.filter((other) => groupOf(other) === groupOf(job) && other.priority === job.priority).sort(inLine);
  const at = line.findIndex((other) => other.id === job.id);
  if (by === -1) return at > 0 ? line[at - 1]?.id : undefined;
  if (at < 0 || at >= line.length - 1) return undefined;
  return line[at + 2]?.id ?? null;
}
