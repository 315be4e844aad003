/** The commands around a package, ready to be pasted into a terminal of a Mac. */
import type { PackageBuild, PackageKind } from './package-api.ts';

export interface PackageCommand {
  readonly what: string;
  readonly command: string;
}

const LOGS: Readonly<Record<PackageKind, string>> = {
  'cluster-node': '/var/log/fleet-server.log',
  standalone: '/var/log/fleet-server.log',
  agent: '/var/log/fleet-agent.log',
};
const SERVER_PROGRAM = '/Library/FleetServer/bin/atlas-fleet';

/** What a shell reads as one word and nothing else. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** To be written over: what the Mac is called is known only where it was given a name. */
export function likelyLogin({ node_name }: Pick<PackageBuild, 'node_name'>): string {
  const name = node_name ?? 'new-mac';
  return `admin@${name.includes('.') ? name : `${name}.local`}`;
}

const logCommand = (kind: PackageKind): PackageCommand => ({
  what: 'Watch its log, on the new Mac; Ctrl-C ends it',
  command: `sudo tail -f ${LOGS[kind]}`,
});

/** `login`: who logs in where, as ssh takes it. */
export function installCommands(
  { kind, file_name, sha256 }: Pick<PackageBuild, 'kind' | 'file_name' | 'sha256'>,
  login: string,
): readonly PackageCommand[] {
  const file = shellWord(file_name);
  return [
    {
      what: 'Bring it to the new Mac, encrypted, from the folder that you saved it in',
      command: `scp ${file} ${shellWord(`${login}:`)}`,
    },
    ...(sha256 === null
      ? []
      : [
          {
            what: 'Check there that it is the same file; it must say OK',
            command: `echo ${shellWord(`${sha256}  ${file_name}`)} | shasum -a 256 -c`,
          },
        ]),
    { what: 'Install it there', command: `sudo installer -pkg ${file} -target /` },
    ...(kind === 'standalone'
      ? [
          {
            what: 'Get the code for the first login; the end of /var/log/install.log says where to open it',
            command: `sudo ${SERVER_PROGRAM} user setup-code`,
          },
        ]
      : []),
    logCommand(kind),
    { what: 'Delete it: there, here, and wherever else it lay', command: `rm ${file}` },
  ];
}

/** For the Mac of a server that is not seen. */
export const MISSING_COMMANDS: readonly PackageCommand[] = [
  {
    what: 'Says what is wrong with its configuration',
    command: `sudo ${SERVER_PROGRAM} config check`,
  },
  logCommand('cluster-node'),
];
