/** What was asked for on the command line. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  /** Only what has one of these texts in its name; none: everything. */
  readonly only: readonly string[];
  /** Only the sabotage controls. */
  readonly sabotage: boolean;
}

export const USAGE = `usage: npm run faults -- [--quick] [--only NAME]… [--sabotage] [--json]
  --quick     short intervals and short faults: a look, not a proof
  --only      only the faults with this text in their name; may be given more than once
  --sabotage  only the controls that break the product, and must be noticed
  --json      one line of JSON for each figure instead of the table
`;

/** Throws a TypeError that says what is wrong. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      sabotage: { type: 'boolean', default: false },
    },
  });
  return values;
}

export function isChosen(name: string, { only }: Pick<Options, 'only'>): boolean {
  return only.length === 0 || only.some((text) => name.includes(text));
}
