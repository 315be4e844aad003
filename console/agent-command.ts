/**
 * What is typed on a Mac to report to this fleet without a package: all that `atlas-fleet agent` asks for, as the server
 * knows it, and no secret.
 */
import { shellWord } from '../src/base/shell-word.ts';
import type { PackageCheck, PackageReadiness } from './package-api.ts';

/** Files that somebody makes beside the program, by the key of config.yaml that each holds the value of. */
export const KEY_FILES = { api_key: 'api-key', encryption_key: 'encryption-key' } as const;

type Terms = Pick<PackageReadiness['defaults'], 'servers' | 'pins'>;

export function agentCommand({ servers, pins }: Terms): string {
  return [
    'atlas-fleet agent',
    `--server ${shellWord(servers.join(','))}`,
    ...(pins.length > 0 ? [`--pin ${shellWord(pins.join(','))}`] : []),
    `--api-key-file ${KEY_FILES.api_key}`,
    `--encryption-key-file ${KEY_FILES.encryption_key}`,
  ].join(' ');
}

/** Why no agent on another machine reaches this server, package or not; undefined where one does. */
export const unreachable = ({ checks }: PackageReadiness): PackageCheck | undefined =>
  checks.find(({ code, result }) => code === 'server_address' && result === 'fail');
