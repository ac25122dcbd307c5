import { z } from 'zod';

const text = z.string().nullish();

/** A task. `success` is null until it has ended; some tasks say so by `task_status` instead. */
const taskSchema = z.object({
  task_id: z.string().min(1),
  success: z.boolean().nullish(),
  result: text,
  task_status: text,
});
export const taskAnswer = z.object({ task: taskSchema });

export interface TaskState {
  id: string;
  ended: boolean;
  succeeded: boolean;
  /** The vendor's words about a failure. */
  result: string;
  /** For those who watch: `task 7980… is pending`. */
  words: string;
}

export function taskState({ task }: z.infer<typeof taskAnswer>): TaskState {
  const succeeded = task.success ?? task.task_status === 'DONE';
  return {
    id: task.task_id,
    ended: typeof task.success === 'boolean' || task.task_status === 'DONE',
    succeeded,
    result: task.result ?? '',
    words: [`task ${task.task_id} is ${task.task_status || 'pending'}`, task.result]
      .filter(Boolean)
      .join(': ')
      .slice(0, 300),
  };
}

const fields = z.record(z.string(), z.unknown()).nullish();

export const serviceAnswer = z.object({
  service: z.object({
    service_type: text,
    state: text,
    connection_info: fields,
    service_uri_params: fields,
    user_config: fields,
    components: z
      .array(
        z.object({
          component: text,
          host: text,
          port: z.number().nullish(),
          path: text,
          route: text,
          ssl: z.boolean().nullish(),
        }),
      )
      .nullish(),
    users: z.array(z.object({ username: text, password: text })).nullish(),
  }),
});
export type Service = z.infer<typeof serviceAnswer>['service'];
