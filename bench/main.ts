/**
 * `npm run bench`: measures the figures of docs/performance.md and prints them, as a table or with `--json` a line
 * each. A figure is no test: a goal that is missed is said, and the exit code is 0.
 */
import { parseArgs } from 'node:util';
import { provide } from '../scripts/provision.ts';
import type { Figure, Row } from './figure.ts';
import { agentAtRest } from './figures/agent-at-rest.ts';
import { coldStart } from './figures/cold-start.ts';
import { heartbeat } from './figures/heartbeat.ts';
import { intake } from './figures/intake.ts';
import { packageBuild } from './figures/package-build.ts';
import { refresh } from './figures/refresh.ts';
import { storedSize } from './figures/stored-size.ts';
import { verifyRecord } from './figures/verify-record.ts';
import { tableHead, tableLine } from './table.ts';

const FIGURES: readonly Figure[] = [
  verifyRecord,
  refresh,
  heartbeat,
  intake,
  storedSize,
  coldStart,
  agentAtRest,
  packageBuild,
];
const DEFAULT_HISTORY = 50_000;
const NAMES = FIGURES.map(({ name }) => name).join(', ');

function fail(message: string, hint: string): never {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exit(2);
}

function readArgs() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        history: { type: 'string', default: String(DEFAULT_HISTORY) },
      },
    });
    return values;
  } catch (error) {
    return fail(
      error instanceof Error ? error.message : String(error),
      `npm run bench -- [--json] [--only NAME]… [--history REPORTS]; names: ${NAMES}`,
    );
  }
}

const { json, only, history } = readArgs();
const wanted = only ? FIGURES.filter(({ name }) => only.includes(name)) : FIGURES;
if (only && wanted.length < new Set(only).size) fail('there is no such figure', `names: ${NAMES}`);
if (!/^[1-9]\d*$/.test(history)) fail('--history is a number of reports', 'such as --history 1000000');

const print = (row: Row) => process.stdout.write(`${json ? JSON.stringify(row) : tableLine(row)}\n`);
provide(['redis']);
if (!json) process.stdout.write(`${tableHead()}\n`);
for (const figure of wanted) {
  for (const row of await figure.measure({ history: Number(history) })) print(row);
}
process.disconnect?.();
