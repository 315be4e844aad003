/**
 * What each kind of installation is called on the Mac. The names of the server are the seeds' (product.md); label and
 * identifier name the service and the receipt for ever, and both kinds of server have the same: one takes the place
 * of the other.
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
}

const SERVER = {
  label: 'com.fleet.server',
  /** Of the Python system that the seeds describe. */
  ancestors: ['com.fleet.server.cluster'],
  root: '/Library/FleetServer',
  command: 'server',
  log: '/var/log/fleet-server.log',
  crashLog: '/var/log/fleet-server-crash.log',
} as const;

const PRODUCTS: Readonly<Record<ProgramKind, Product>> = {
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
  },
};

export function productOf(kind: ProgramKind): Product {
  return PRODUCTS[kind];
}

export const plistOf = ({ label }: Product) => `/Library/LaunchDaemons/${label}.plist`;
export const newsyslogRuleOf = ({ label }: Product) => `/private/etc/newsyslog.d/${label}.conf`;
/** Where the running service says its process id. */
export const pidFileOf = ({ root, command }: Product) => `${root}/data/${command}.pid`;
