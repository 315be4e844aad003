/** Whether a package could be built now, what would be in it, and what stands in the way. Shapes: http/shapes/packages.ts. */
import { AtlasError } from '../../base/errors.ts';
import { statusThresholds } from '../../fleet/machine.ts';
import { PROGRAM_OF } from '../../installer/product.ts';
import {
  ARCHITECTURES,
  type Architecture,
  type Lack,
  type Program,
  type ProgramVersion,
} from '../../installer/program.ts';
import { answering } from '../../membership/answering.ts';
import type { CredentialMode, PackageContent, PackageKind } from '../../store/package-store.ts';
import { agentChecks } from './agent-checks.ts';
import { agentServers } from './agent-servers.ts';
import { changedMeanwhile, clusterNodeChecks } from './cluster-node-checks.ts';
import { type ClusterKnowledge, clusterNodeFacts, hostOf, type NodeChoice } from './cluster-node-facts.ts';
import { type ClusterStanding, clusterStanding } from './cluster-terms.ts';
import { programCheck, signingChecks } from './material-checks.ts';
import { isFailed, notReady, type PackageCheck, refuseFailed } from './package-check.ts';
import { CREDENTIALS_OF, FILE_NAMES } from './package-kinds.ts';
import type { AgentOrder, ClusterNodeOrder, PackageOrder } from './package-order.ts';
import type { AgentServers, PackageMaterial, SigningIdentity } from './package-settings.ts';

export interface ReadinessView {
  kind: PackageKind;
  ready: boolean;
  checks: PackageCheck[];
  contents: { credentials: CredentialMode; items: PackageContent[] }[];
  version: string;
  node_version: string;
  package_name: string;
  architectures: { architecture: Architecture; lack: string | null; mend: string | null }[];
  defaults: {
    port: number;
    redis_host: string | null;
    redis_port: number | null;
    servers: string[];
    pins: string[];
    interval_seconds: number;
  };
  signing_identity: string | null;
}

export type ReadinessParts = PackageMaterial & ClusterKnowledge;

/** Of an order for an agent, as far as it decides. */
interface AgentChoice extends Pick<AgentOrder, 'servers'> {
  /** Null: as the agents of this server's configuration. */
  readonly intervalSeconds: number | null;
}

/** What is going to be ordered, as far as it decides whether it can be built. */
export interface ReadinessQuestion extends NodeChoice, AgentChoice {
  readonly kind: PackageKind;
  readonly architecture: Architecture;
}

const USUAL_NODE: NodeChoice = { credentials: 'embedded', nodeName: null, redisHost: null };
const USUAL_AGENT: AgentChoice = { servers: null, intervalSeconds: null };
const NO_SERVERS: AgentServers = { servers: [], pins: [] };

export class PackageReadiness {
  readonly #parts: ReadinessParts;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** An identity that cannot be read is none, and a check says why. Rejects with not_running alone. */
  async view(asked: ReadinessQuestion): Promise<ReadinessView> {
    const { settings, signing } = this.#parts;
    const { kind } = asked;
    const program = await this.#program();
    const identity = await orLack<SigningIdentity | null>(signing);
    const reporting = kind === 'agent' ? this.agentServers(null) : NO_SERVERS;
    const checks = [
      ...(await this.#checks(asked, program)),
      ...signingChecks(isLack(identity) ? identity : null),
    ];
    return {
      kind,
      ready: !checks.some(isFailed),
      checks,
      contents: this.#contents(kind, program),
      version: settings.version,
      node_version: isLack(program) ? '' : program.node,
      package_name: FILE_NAMES[kind],
      architectures: await Promise.all(ARCHITECTURES.map((each) => architectureView(program, kind, each))),
      defaults: {
        port: settings.port,
        redis_host: settings.redis?.host ?? null,
        redis_port: settings.redis?.port ?? null,
        servers: [...reporting.servers],
        pins: [...reporting.pins],
        interval_seconds: settings.agentIntervalSeconds,
      },
      signing_identity: isLack(identity) ? null : (identity?.name ?? null),
    };
  }

  /** Rejects with package_not_ready, and with not_running. */
  async require(order: PackageOrder): Promise<void> {
    const asked = { ...USUAL_NODE, ...USUAL_AGENT, ...order };
    refuseFailed(await this.#checks(asked, await this.#program()));
  }

  /** The same for what may have changed while a package was put together, at once. Throws package_not_ready. */
  requireStill(order: ClusterNodeOrder, begun: ClusterStanding): void {
    refuseFailed(this.#nodeChecks(order));
    if (this.standing().mark !== begun.mark) throw notReady([changedMeanwhile()]);
  }

  /** Throws package_not_ready where there is none; after require() there is. */
  standing(): ClusterStanding {
    const { cluster, keyring } = this.#parts;
    const standing = clusterStanding(cluster, keyring);
    if (standing !== null) return standing;
    throw notReady(this.#nodeChecks(USUAL_NODE).filter(isFailed));
  }

  agentServers(wanted: AgentOrder['servers']): AgentServers {
    const { settings, describe, cluster } = this.#parts;
    if (settings.tls !== 'own' && wanted !== null) return agentServers(settings, wanted, []);
    return agentServers(settings, wanted, [describe(), ...answering(cluster?.watch.members() ?? [])]);
  }

  async #checks(asked: ReadinessQuestion, program: Program | Lack): Promise<PackageCheck[]> {
    const { kind, architecture } = asked;
    const lacking = programCheck(await lackOf(program, kind, architecture));
    if (kind === 'cluster-node') return [...this.#nodeChecks(asked), lacking];
    if (kind === 'agent') return [...this.#agentChecks(asked), lacking];
    return [lacking];
  }

  #nodeChecks(choice: NodeChoice): PackageCheck[] {
    return clusterNodeChecks(clusterNodeFacts(this.#parts, choice));
  }

  #agentChecks({ servers: wanted, intervalSeconds }: AgentChoice): PackageCheck[] {
    const { isLocal, agentIntervalSeconds } = this.#parts.settings;
    const { servers } = this.agentServers(wanted);
    return agentChecks({
      servers: servers.map((url) => ({ url, host: hostOf(url), isLocal: isLocal(hostOf(url)) })),
      intervalSeconds: intervalSeconds ?? agentIntervalSeconds,
      lateAfterSeconds: statusThresholds(agentIntervalSeconds).lateAfterMs / 1000,
    });
  }

  #program(): Promise<Program | Lack> {
    return orLack(this.#parts.program);
  }

  /** Empty where nothing can be said of it yet: the checks tell why. */
  #contents(kind: PackageKind, program: Program | Lack): ReadinessView['contents'] {
    const { configs, settings, cluster, keyring } = this.#parts;
    const { port, agentIntervalSeconds: intervalSeconds } = settings;
    const listed = (credentials: CredentialMode, items: readonly PackageContent[]) => ({
      credentials,
      items: isLack(program) ? [...items] : [...items, programContent(program)],
    });
    if (kind === 'standalone') return [listed(CREDENTIALS_OF[kind], configs.standalone({ port }).contents)];
    if (kind === 'agent')
      return [
        listed(CREDENTIALS_OF[kind], configs.agent({ intervalSeconds }, this.agentServers(null)).contents),
      ];
    const standing = clusterStanding(cluster, keyring);
    if (standing === null) return [];
    const { terms } = standing;
    const order = { nodeName: null, port, redisHost: null, redisPort: null };
    return (['embedded', 'ticket'] as const).map((credentials) => {
      const ticket = credentials === 'ticket' || terms.admission === 'ticket' ? 'later' : null;
      return listed(credentials, configs.clusterNode({ ...order, credentials }, terms, ticket).contents);
    });
  }
}

/** What cannot be had, in the words of who refuses it. */
async function orLack<T>(asked: () => Promise<T>): Promise<T | Lack> {
  try {
    return await asked();
  } catch (error) {
    if (!(error instanceof AtlasError)) throw error;
    return { what: error.message, mend: error.hint ?? 'See the log of this server.' };
  }
}

const isLack = (asked: object | null): asked is Lack => asked !== null && 'what' in asked;

async function lackOf(
  program: Program | Lack,
  kind: PackageKind,
  architecture: Architecture,
): Promise<Lack | null> {
  return isLack(program) ? program : program.lack(PROGRAM_OF[kind], architecture);
}

async function architectureView(program: Program | Lack, kind: PackageKind, architecture: Architecture) {
  const lack = await lackOf(program, kind, architecture);
  return { architecture, lack: lack?.what ?? null, mend: lack?.mend ?? null };
}

export function programContent({ version, node }: ProgramVersion): PackageContent {
  return {
    name: 'program',
    why: `Atlas Fleet ${version} and Node ${node}.`,
    secret: false,
    fingerprint: null,
  };
}
