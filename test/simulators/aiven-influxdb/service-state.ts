import { randomUUID } from 'node:crypto';
import { produce, type Content, type Produced } from './content.ts';
import { strikes, type Switches } from './switches.ts';

export interface Task {
  id: string;
  backup: string;
  createdAt: string;
  /** How often it will still be said to be pending. */
  pending: number;
  fails: boolean;
  lost: boolean;
}

/** The one place that a service has for a backup: a new one replaces it. */
export interface Slot {
  name: string;
  produced: Produced;
  /** Counts what was put there: another number is another file. */
  generation: number;
}

export class ServiceState {
  readonly tasks = new Map<string, Task>();
  readonly switches: Switches;
  /** May be changed at any time: what the next backup holds. */
  content: Content;
  /** What a backup holds that somebody else requests. */
  othersContent: Content;
  slot: Slot | undefined;
  /** Names that were there before. */
  readonly formerNames = new Set<string>();
  #generation = 0;

  constructor(switches: Switches, content: Content) {
    this.switches = switches;
    this.content = content;
    this.othersContent = content;
  }

  createTask(backup: string): Task {
    const { switches } = this;
    const task: Task = {
      id: randomUUID(),
      backup,
      createdAt: `${new Date().toISOString().slice(0, 19)}Z`,
      pending: strikes(switches, 'taskNeverEnds') ? Infinity : switches.pendingPolls,
      fails: strikes(switches, 'taskFails'),
      lost: strikes(switches, 'taskLost'),
    };
    this.tasks.set(task.id, task);
    // The old file goes as soon as a new one is asked for.
    this.#vacate();
    return task;
  }

  /** Asked about, a task comes nearer to its end. Returns whether it has ended. */
  async look(task: Task): Promise<boolean> {
    if (task.pending > 0) {
      task.pending -= 1;
      return false;
    }
    if (!task.fails && task.pending === 0) {
      task.pending = -1;
      await this.fill(task.backup);
    }
    return true;
  }

  /** Puts a backup into the slot, as a task does at its end. */
  async fill(name: string, content = this.content): Promise<void> {
    const produced = await produce(content, name, this.switches);
    this.#vacate();
    this.formerNames.delete(name);
    this.#generation += 1;
    this.slot = { name, produced, generation: this.#generation };
  }

  #vacate(): void {
    if (this.slot) this.formerNames.add(this.slot.name);
    this.slot = undefined;
  }
}
