/**
 * What each kind of installation is called on the Mac, and where its things lie there. The names of the server are the
 * seeds' (product.md); label and identifier name the service and the receipt for ever, and both kinds of server have
 * the same: one takes the place of the other.
 */
import type { ProgramKind } from './program.ts';

export interface Product {
  readonly kind: ProgramKind;
  readonly title: string;
  /** Of the LaunchDaemon, and the identifier of the package. */
  readonly label: string;
  /** Labels that came before it: their services are stopped and their plists removed. */
  readonly ancestors: readonly string[];
  /** Absolute, without a slash at the end. */
  readonly root: string;
  /** The command of the program that the service runs, and the name of its files. */
  readonly command: 'server' | 'agent';
  /** Written by the program itself (`log.file`). */
  readonly log: string;
  /** Written by launchd: what the program said when it could not start. */
  readonly crashLog: string;
  /** Of reports that were not sent yet; null: a server sends none. */
  readonly spool: string | null;
}

const SERVER = {
  label: 'com.fleet.server',
  /** Of the Python system that the seeds describe. */
  ancestors: ['com.fleet.server.cluster'],
  root: '/Library/FleetServer',
  command: 'server',
  log: '/var/log/fleet-server.log',
  crashLog: '/var/log/fleet-server-crash.log',
  spool: null,
} as const;

const PRODUCTS = {
  server: { ...SERVER, kind: 'server', title: 'Fleet Server (Cluster Node)' },
  standalone: { ...SERVER, kind: 'standalone', title: 'Fleet Server (Standalone)' },
  agent: {
    kind: 'agent',
    title: 'Fleet Agent',
    label: 'com.fleet.agent',
    ancestors: [],
    root: '/Library/FleetAgent',
    command: 'agent',
    log: '/var/log/fleet-agent.log',
    crashLog: '/var/log/fleet-agent-crash.log',
    spool: '/Library/FleetAgent/spool',
  },
} as const satisfies Readonly<Record<ProgramKind, Product>>;

export function productOf<Kind extends ProgramKind>(kind: Kind): (typeof PRODUCTS)[Kind] {
  return PRODUCTS[kind];
}

/** The program in each kind of package. */
export const PROGRAM_OF = {
  'cluster-node': 'server',
  standalone: 'standalone',
  agent: 'agent',
} as const satisfies Readonly<Record<string, ProgramKind>>;
export type PackagedKind = keyof typeof PROGRAM_OF;

/** Below the root: what the configuration of the package brings, until it is put where that names it. */
export const PACKAGE_FILES = 'package-files';

export const plistOf = ({ label }: Pick<Product, 'label'>) => `/Library/LaunchDaemons/${label}.plist`;
export const newsyslogRuleOf = ({ label }: Product) => `/private/etc/newsyslog.d/${label}.conf`;
/** Where the running service says its process id. */
export const pidFileOf = ({ root, command }: Product) => `${root}/data/${command}.pid`;
