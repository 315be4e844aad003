/**
 * What a package takes from the server that builds it, as the composition root hands it in: its configuration without
 * any secret, the texts that are made of it with them, the program, and who signs.
 */
import type { Secret } from '../../base/secret.ts';
import type { ArchiveSigner } from '../../installer/archive.ts';
import type { Program } from '../../installer/program.ts';
import type { PackageContent } from '../../store/package-store.ts';
import type { JoinTerms } from '../trust/joining.ts';
import type { AgentOrder, ClusterNodeOrder, StandaloneOrder } from './package-order.ts';

/** `host`: null behind Sentinels. `isLocal`: every way to it ends on this machine. */
export type RegistryPlace =
  | { readonly kind: 'folder' }
  | {
      readonly kind: 'redis';
      readonly host: string | null;
      readonly isLocal: boolean;
      readonly hasPassword: boolean;
      readonly tls: boolean;
    };

export type DatabasePlace =
  | { readonly engine: 'sqlite' }
  | { readonly engine: 'postgres'; readonly host: string; readonly isLocal: boolean };

export interface PackageSettings {
  /** Of Atlas Fleet, as it runs here. */
  readonly version: string;
  readonly isClustered: boolean;
  readonly registry: RegistryPlace;
  /** Where the registry is Redis by one address; null otherwise. */
  readonly redis: { readonly host: string; readonly port: number } | null;
  readonly database: DatabasePlace;
  readonly port: number;
  readonly tls: 'own' | 'files' | 'off';
  /** As the configuration names it; null when it does not. */
  readonly publicUrl: string | null;
  /** Of this server. */
  readonly url: string;
  readonly agentIntervalSeconds: number;
  /** Whether a host, or that of a base address, means the very machine that asks. */
  isLocal(host: string): boolean;
}

export interface PackageConfig {
  /** Of config.yaml, with the secrets in it. */
  readonly text: string;
  /** PEM texts by the name of their file. */
  readonly files: Readonly<Record<string, string>>;
  readonly contents: readonly PackageContent[];
}

/** What an agent believes. */
export interface AgentServers {
  readonly servers: readonly string[];
  /** SHA-256 of public keys (SPKI), base64; empty where public authorities vouch for the servers. */
  readonly pins: readonly string[];
}

/** Each throws bad_request for what config.yaml would not take, and config_invalid as joinValues() does. */
export interface PackageConfigs {
  /** `ticket`: what it joins by; `later` where only the list of contents is asked for. */
  clusterNode(
    order: Pick<ClusterNodeOrder, 'credentials' | 'nodeName' | 'port' | 'redisHost' | 'redisPort'>,
    terms: JoinTerms,
    ticket: Secret | 'later' | null,
  ): PackageConfig;
  standalone(order: Pick<StandaloneOrder, 'port'>): PackageConfig;
  agent(order: Pick<AgentOrder, 'intervalSeconds'>, servers: AgentServers): PackageConfig;
}

export interface SigningIdentity {
  /** The name on the certificate. */
  readonly name: string;
  /** Rejects with signer_invalid. */
  open(): Promise<ArchiveSigner>;
}

export interface PackageMaterial {
  readonly settings: PackageSettings;
  readonly configs: PackageConfigs;
  /** Rejects with program_missing where there is none yet. */
  readonly program: () => Promise<Program>;
  /** Null when the configuration names none. Rejects with signer_invalid. */
  readonly signing: () => Promise<SigningIdentity | null>;
}
