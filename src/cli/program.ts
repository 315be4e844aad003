/**
 * This program: its version, and the words that start it from here. Every room writes commands as `atlas-fleet …`, which
 * is on nobody's PATH: whatever the command line prints has them as they were started here, ready to be copied.
 */
import { join, relative, sep } from 'node:path';
import type { Command } from 'commander';
import { shellWord } from '../base/shell-word.ts';
import { ROOT } from '../place.ts';

export { VERSION } from '../place.ts';

const NAME = 'atlas-fleet';
const PATH = join(ROOT, 'bin', NAME);

/** The launcher as it is typed from any folder of this machine. */
export const PROGRAM_ANYWHERE: string = shellWord(PATH);

/** The launcher as a person types it in this folder: relative where that is shorter. */
export const PROGRAM: string = shellWord(shorter(PATH));

function shorter(path: string): string {
  const near = relative(process.cwd(), path);
  // A name alone would be looked for on PATH.
  return near.includes(sep) && near.length < path.length ? near : path;
}

/** What is run on a new machine: a server has a folder of its own, and nothing may be in it. */
export const JOIN_COMMAND = `mkdir fleet-new && cd fleet-new && ${PROGRAM_ANYWHERE} server --join -`;

/** All commands, and the config.yaml that the one which runs was given; none before they are known. */
const started: { commands: Command | null; config: string | null } = { commands: null, config: null };

/** What follows speaks of these commands, and of the --config of the one that runs. */
export function startedWith(commands: Command): void {
  started.commands = commands;
  commands.hook('preAction', (_, running) => {
    const { config } = running.opts<{ config?: unknown }>();
    started.config = typeof config === 'string' ? config : null;
  });
}

/** A command of ours as one runs it here: `words` as they follow the name of the program. */
export function ownCommand(words: string): string {
  return asStartedHere(`${NAME} ${words}`);
}

/** Sentences, and what stands between semicolons: a command is about the place that its own part names. */
const PART = /(?<=[.;]\s)/;
/** It is run on another machine, where neither the path nor the config.yaml need be the same. */
const ELSEWHERE = /\bon (?:another|a|each)\b/i;
const MENTION = new RegExp(`(?<![\\w./-])${NAME}((?: [a-z][a-z-]*)+)(?: --config FILE\\b)?`, 'g');

/** The text with each command of ours that is to be run here in the words that start it here. */
export function asStartedHere(text: string): string {
  return text
    .split(PART)
    .map((part) => (ELSEWHERE.test(part) ? part : part.replace(MENTION, inFull)))
    .join('');
}

/** Behind the name of the command, so that nobody has to know where its arguments end. */
function inFull(mention: string, words: string): string {
  let command = started.commands;
  const names: string[] = [];
  for (const word of words.trim().split(' ')) {
    const below: Command | undefined = command?.commands.find((one) => one.name() === word);
    if (below === undefined) break;
    command = below;
    names.push(word);
  }
  if (command === null || names.length === 0) return mention;
  const named = names.join(' ');
  const rest = words.slice(named.length + 1);
  const takesConfig = command.options.some(({ long }) => long === '--config');
  const config = started.config !== null && takesConfig ? ` --config ${shellWord(started.config)}` : '';
  const ending = config === '' && mention.endsWith(' --config FILE') ? ' --config FILE' : '';
  return `${PROGRAM} ${named}${config}${rest}${ending}`;
}
