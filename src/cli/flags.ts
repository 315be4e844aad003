/** The flags that most commands take: whose config.yaml it is about, and JSON in place of words. */
import type { Command } from 'commander';

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
