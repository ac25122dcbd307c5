import type { Warning } from '../../../workflows/contract/progress.ts';
import type { Notebook } from '../product.ts';
import { requestNotes } from './request-notes.ts';

/** The API has no way to stop a backup, so a person must know that one may still be made. */
export async function givenUp(
  server: string,
  { recall }: Pick<Notebook, 'recall'>,
): Promise<Warning[]> {
  const notes = { recall, remember: () => Promise.reject(new Error('Nothing is written here.')) };
  let running: string | undefined;
  for (let number = 1; ; number += 1) {
    const request = requestNotes(notes, number);
    const task = await request.task.recall();
    if (!task) break;
    running = (await request.ended.recall()) ? undefined : task.id;
  }
  if (running === undefined) return [];
  return [
    {
      code: 'VENDOR_GOES_ON',
      message: `${server} may still be making the backup that was requested (task ${running}): its API cannot stop one. Holdfast does not follow it any more, and the next run's request replaces what comes of it.`,
    },
  ];
}
