// What can be done with transfers: one set of handlers for menu, palette, keys, buttons and context menu.
import type { Job, Priority } from "../../backend";
import type { CommandId } from "../../commands/catalogue";
import type { Handler } from "../../commands/registry.svelte";
import { m } from "../../paraglide/messages.js";
import { hasFailed, isOver, type SortBy, type View } from "./order";
import type { Transfers } from "./transfers.svelte";

type Handlers = Partial<Record<CommandId, Handler>>;

export function pauseOff(job: Job): string | null {
  if (isOver(job)) return m.off_job_over();
  return job.state === "paused" ? m.off_job_paused() : null;
}

export function resumeOff(job: Job): string | null {
  return job.state === "paused" ? null : m.off_job_not_paused();
}

export function retryOff(job: Job): string | null {
  if (!isOver(job)) return m.off_job_running();
  return job.state === "cancelled" || hasFailed(job) ? null : m.off_job_nothing_failed();
}

function elsewhereOff(job: Job): string | null {
  return job.elsewhere && !isOver(job) ? m.off_job_elsewhere() : null;
}

/** Everywhere in the window. */
export function queueCommands(transfers: Transfers): Handlers {
  return {
    "transfers.pauseAll": { run: () => transfers.pauseAll(), off: () => (transfers.unfinished > 0 ? null : m.off_nothing_running()) },
    "transfers.resumeAll": { run: () => transfers.resumeAll(), off: () => (transfers.paused > 0 ? null : m.off_nothing_paused()) },
    "transfers.clear": { run: () => transfers.clear(), off: () => (transfers.finished > 0 ? null : m.off_nothing_finished()) },
  };
}

/** On the transfers page, for the chosen job. */
export function jobCommands(transfers: Transfers): Handlers {
  const one = (run: (job: Job) => void, off: (job: Job) => string | null = () => null): Handler => ({
    run: () => {
      const job = transfers.job(transfers.chosen);
      if (job) run(job);
    },
    off: () => {
      const job = transfers.job(transfers.chosen);
      return job ? off(job) : m.off_no_job();
    },
  });
  const priority = (value: Priority): Handler => ({
    ...one((job) => transfers.priority(job.id, value), (job) => (isOver(job) ? m.off_job_over() : null)),
    checked: () => transfers.job(transfers.chosen)?.priority === value,
  });
  const step = (by: -1 | 1): Handler =>
    one((job) => transfers.step(job.id, by), (job) => {
      if (isOver(job)) return m.off_job_over();
      if (transfers.canStep(job, by)) return null;
      return by === -1 ? m.off_job_first() : m.off_job_last();
    });
  const kind = (value: View["kind"]): Handler => ({ run: () => transfers.look({ kind: value }), checked: () => transfers.view.kind === value });
  const sort = (value: SortBy): Handler => ({ run: () => transfers.look({ sort: value }), checked: () => transfers.view.sort === value });
  return {
    "transfers.kindAll": kind("all"),
    "transfers.kindUpload": kind("upload"),
    "transfers.kindDownload": kind("download"),
    "transfers.kindDelete": kind("delete"),
    "transfers.kindCopy": kind("copy"),
    "transfers.kindChange": kind("change"),
    "transfers.sortLine": sort("line"),
    "transfers.sortNewest": sort("newest"),
    "transfers.sortName": sort("name"),
    "transfers.sortSize": sort("size"),
    "transfers.files": one((job) => transfers.toggle(job.id)),
    "transfers.pause": one((job) => transfers.pause(job.id), pauseOff),
    "transfers.resume": one((job) => transfers.resume(job.id), resumeOff),
    "transfers.cancel": one((job) => transfers.cancel(job.id), (job) => (isOver(job) ? m.off_job_over() : null)),
    "transfers.retry": one((job) => transfers.retry(job.id), (job) => elsewhereOff(job) ?? retryOff(job)),
    "transfers.repeat": one((job) => transfers.repeat(job.id), (job) => (job.kind === "delete" ? m.off_job_delete() : null)),
    "transfers.up": step(-1),
    "transfers.down": step(1),
    "transfers.high": priority("high"),
    "transfers.normal": priority("normal"),
    "transfers.low": priority("low"),
    "transfers.limit": one((job) => (transfers.limiting = job.id), (job) => (isOver(job) ? m.off_job_over() : null)),
    "transfers.report": one((job) => transfers.report(job.id)),
  };
}
