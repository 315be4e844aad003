/** What the flags of several commands have in common: whose config.yaml it is about, JSON in place of words, ports. */
import { type Command, InvalidArgumentError } from 'commander';

export interface Flags {
  readonly config?: string;
  readonly json?: boolean;
}

/** A command of `running server` needs one; one of `server` does without, on the database. */
type Whose = 'running server' | 'server';

export function withConfig(command: Command, whose: Whose): Command {
  return command.option('--config <file>', `the config.yaml of the ${whose}`);
}

export function withFlags(command: Command, whose: Whose): Command {
  return withConfig(command, whose).option('--json', 'print JSON');
}

const PORT_MAX = 65_535;

export function portNumber(text: string): number {
  if (/^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= PORT_MAX) return Number(text);
  throw new InvalidArgumentError(`It is a whole number from 1 to ${PORT_MAX}.`);
}
