/**
 * `atlas-fleet`: the commands, and the one place where an error becomes two lines and an exit code. What a
 * command needs is imported when it runs, so that help and mistakes are answered at once.
 */
import { Command, CommanderError } from 'commander';
import { AtlasError } from '../base/errors.ts';
import { escapeControls } from '../base/log.ts';
import { agentCommand } from './commands/agent.ts';
import { auditCommand } from './commands/audit.ts';
import { clusterCommand } from './commands/cluster.ts';
import { configCommand } from './commands/config.ts';
import { demoCommand } from './commands/demo.ts';
import { initCommand } from './commands/init.ts';
import { packageCommand } from './commands/package.ts';
import { runtimeCommand } from './commands/runtime.ts';
import { secretCommand } from './commands/secret.ts';
import { serverCommand } from './commands/server.ts';
import { serviceCommand } from './commands/service.ts';
import { tokenCommand } from './commands/token.ts';
import { userCommand } from './commands/user.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit.ts';
import { PROGRAM, startedWith, VERSION } from './program.ts';
import { print, say, sayError, sayHint, surviveDeadTerminal } from './terminal.ts';

/** What an error leaves running (sockets, timers) is given this long to end by itself. */
const LINGER_MS = 2000;

function assemble(): Command {
  const program = new Command('atlas-fleet')
    .description('Self-hosted fleet server for Macs.')
    .version(VERSION, '--version', 'print the version');
  program.addCommand(demoCommand());
  program.addCommand(initCommand());
  program.addCommand(serverCommand());
  program.addCommand(agentCommand());
  program.addCommand(clusterCommand());
  program.addCommand(userCommand());
  program.addCommand(tokenCommand());
  program.addCommand(packageCommand());
  program.addCommand(auditCommand());
  program.addCommand(configCommand());
  program.addCommand(secretCommand());
  program.addCommand(runtimeCommand());
  program.addCommand(serviceCommand(), { hidden: true });
  program.addCommand(versionCommand());
  mannered(program);
  startedWith(program);
  return program;
}

function versionCommand(): Command {
  return new Command('version').description('print the version, the runtime and the platform').action(() => {
    print(`atlas-fleet ${VERSION} (node ${process.versions.node}, ${process.platform} ${process.arch})`);
  });
}

/** Commander reports through us: no command exits by itself or prints its own errors. */
function mannered(command: Command): void {
  command.configureOutput({ outputError: () => {} }).exitOverride((error) => {
    throw error.exitCode === 0 ? error : usageError(error, command);
  });
  for (const below of command.commands) mannered(below);
}

function usageError(error: CommanderError, command: Command): AtlasError {
  const names: string[] = [];
  for (let one = command; one.parent !== null; one = one.parent) names.unshift(one.name());
  const see = `see ${[PROGRAM, ...names].join(' ')} --help`;
  if (error.code === 'commander.help') return new AtlasError('usage', 'a command is missing', { hint: see });
  const [message = '', guess] = error.message.replace(/^error: /, '').split('\n');
  const meant = guess?.replace(/^\((.*)\)$/, '$1');
  return new AtlasError('usage', message, { hint: meant === undefined ? see : `${meant} ${see}` });
}

function report(error: unknown): ExitCode {
  if (error instanceof AtlasError) {
    sayError(error.message);
    if (error.code !== 'package_not_ready') sayParts(error.parts ?? []); // the parts of that one are errors of their own
    if (error.hint !== undefined) sayHint(error.hint);
    return exitCodeOf(error);
  }
  sayError(`internal error: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env.ATLAS_FLEET_LOG__LEVEL === 'debug' && error instanceof Error) say(error.stack ?? '');
  return EXIT.failed;
}

/** What is wrong where: a field, as a JSON pointer, or a flag. */
function sayParts(parts: NonNullable<AtlasError['parts']>): void {
  for (const { pointer, message } of parts)
    say(escapeControls(`  ${pointer.replace(/^\//, '').replaceAll('/', '.')}: ${message}`));
}

surviveDeadTerminal();

try {
  await assemble().parseAsync();
} catch (error) {
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  process.exitCode = isHelp ? EXIT.ok : report(error);
  setTimeout(() => process.exit(), LINGER_MS).unref();
} finally {
  if (process.connected) process.disconnect?.();
}
