/**
 * Which machine has which number, in the order of their ids, kept in memory: a sealed id cannot be ordered by the
 * database. Asked before each use whether it is still complete; what it has not yet seen is read and opened once.
 */
import { nextTurn } from '../../base/clock.ts';
import { DIRECTORY_PORTION } from './limits.ts';
import type { SqlConnections } from './report-store.ts';

interface Entry {
  readonly machineNo: number;
  readonly machineId: string;
}

export class MachineDirectory {
  readonly #db: Pick<SqlConnections, 'reader' | 'cells'>;
  #names = new Map<number, string>();
  #ordered: readonly Entry[] = [];
  #highest = 0;

  constructor(db: Pick<SqlConnections, 'reader' | 'cells'>) {
    this.#db = db;
  }

  /** Every machine, in the order of the bytes of its id. */
  async list(): Promise<readonly Entry[]> {
    const { count, highest } = await this.#db.reader
      .selectFrom('machines')
      .select(({ fn }) => [fn.countAll<number>().as('count'), fn.max('machine_no').as('highest')])
      .executeTakeFirstOrThrow();
    if (count !== this.#names.size || (highest ?? 0) !== this.#highest) await this.#reconcile();
    return this.#ordered;
  }

  /** By all numbers, not by those above the highest: of two machines the later number may be committed first. */
  async #reconcile(): Promise<void> {
    const rows = await this.#db.reader.selectFrom('machines').select('machine_no').execute();
    const present = rows.map((row) => row.machine_no);
    const opened = await this.#open(present.filter((number) => !this.#names.has(number)));
    const names = new Map([...this.#names, ...opened]);
    this.#names = new Map(present.flatMap((number) => entryOf(number, names.get(number))));
    this.#ordered = [...this.#names]
      .map(([machineNo, machineId]) => ({ machineNo, machineId }))
      .sort((a, b) => (a.machineId < b.machineId ? -1 : 1));
    this.#highest = present.reduce((a, b) => Math.max(a, b), 0);
  }

  async #open(numbers: readonly number[]): Promise<Map<number, string>> {
    const opened = new Map<number, string>();
    for (let begin = 0; begin < numbers.length; begin += DIRECTORY_PORTION) {
      const rows = await this.#db.reader
        .selectFrom('machines')
        .select(['machine_no', 'machine_id', 'machine_lookup'])
        .where('machine_no', 'in', numbers.slice(begin, begin + DIRECTORY_PORTION))
        .execute();
      for (const row of rows) {
        const cells = this.#db.cells.row('machines', row.machine_lookup);
        opened.set(row.machine_no, cells.open('machine_id', row.machine_id));
      }
      await nextTurn();
    }
    return opened;
  }
}

function entryOf(number: number, name: string | undefined): [number, string][] {
  return name === undefined ? [] : [[number, name]];
}
