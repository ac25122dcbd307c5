import type { Warning } from '../../../workflows/contract/progress.ts';

/** The server looks for what it has to run when it starts, and not when its metadata are replaced. */
export function tasksRest(what: string): Warning {
  return {
    code: 'TASKS_NEED_RESTART',
    message: `${what} do not run after a restore of the whole server until influxd is restarted: restart it when the restore is done.`,
  };
}
