/** The part of the door (api.ts) that is about packages: what one would hold, the building of one, and the records. */
import type { z } from 'zod';
import type * as shapes from '../src/http/shapes/packages.ts';
import { ApiError, ask, call } from './api.ts';

export type PackageKind = z.output<typeof shapes.packageKind>;
export type PackageReadiness = z.output<typeof shapes.packageReadiness>;
export type PackageCheck = z.output<typeof shapes.packageCheck>;
export type PackageContent = z.output<typeof shapes.packageContent>;
export type PackageBuild = z.output<typeof shapes.packageBuild>;
export type PackagePage = z.output<typeof shapes.packageBuildList>;
export type Architecture = PackageBuild['architecture'];
export type CredentialMode = PackageBuild['credentials'];

interface Bodies {
  'cluster-node': z.input<typeof shapes.clusterNodeOrder>;
  standalone: z.input<typeof shapes.standaloneOrder>;
  agent: z.input<typeof shapes.agentOrder>;
}
export type PackageOrder = {
  [Kind in PackageKind]: { readonly kind: Kind; readonly body: Bodies[Kind] };
}[PackageKind];

const BUILD_PATHS: Readonly<Record<PackageKind, string>> = {
  'cluster-node': '/build-cluster-package',
  standalone: '/build-standalone-package',
  agent: '/build-agent-package',
};
/** The page hears of its download this often at most. */
const PROGRESS_STEP_BYTES = 1_000_000;

/** `question`: the query of questionOf() (package-order.ts). */
export function packageReadiness(question: string, signal?: AbortSignal): Promise<PackageReadiness> {
  return call(`/packages/readiness?${question}`, { signal });
}

/** `cursor`: of the page before; null for the newest. */
export function packages(cursor: string | null, signal?: AbortSignal): Promise<PackagePage> {
  return call(`/packages?${new URLSearchParams({ ...(cursor && { cursor }) })}`, { signal });
}

export function packageBuild(id: string, signal?: AbortSignal): Promise<PackageBuild> {
  return call(`/packages/${encodeURIComponent(id)}`, { signal });
}

export function revokePackage(id: string): Promise<void> {
  return call(`/packages/${encodeURIComponent(id)}/revoke`, { method: 'POST' });
}

/** Bytes; `total` is null when the server does not say. */
export interface Transfer {
  readonly received: number;
  readonly total: number | null;
}

export interface PackageDownload {
  readonly buildId: string;
  /** Reads it to its end. The page alone holds the file then: the server keeps no copy. */
  readonly file: (onTransfer: (transfer: Transfer) => void) => Promise<Blob>;
}

/** Resolves when the server has put the package together and begins to hand it over. */
export async function orderPackage(
  { kind, body }: PackageOrder,
  signal: AbortSignal,
): Promise<PackageDownload> {
  const response = await ask(BUILD_PATHS[kind], { method: 'POST', body, signal, isLong: true });
  return {
    buildId: response.headers.get('x-atlas-package') ?? '',
    file: (onTransfer) => readFile(response, onTransfer, signal),
  };
}

async function readFile(
  response: Response,
  onTransfer: (transfer: Transfer) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const length = Number(response.headers.get('content-length'));
  const total = length > 0 ? length : null;
  const chunks: BlobPart[] = [];
  let received = 0;
  let told = 0;
  try {
    const reader = response.body?.getReader();
    for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
      chunks.push(read.value);
      received += read.value.byteLength;
      if (received - told < PROGRESS_STEP_BYTES) continue;
      told = received;
      onTransfer({ received, total });
    }
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw brokenOff(response, cause);
  }
  return new Blob(chunks, { type: 'application/octet-stream' });
}

const BAD_GATEWAY = 502;

function brokenOff(response: Response, cause: unknown): ApiError {
  return new ApiError(
    {
      code: 'download_broken',
      title: 'The download broke off',
      detail: 'The connection ended before the whole package was here. What had arrived is thrown away.',
      hint: 'The server stopped, or a proxy or load balancer in between cut it off. Build it again.',
      status: BAD_GATEWAY,
      requestId: response.headers.get('x-request-id') ?? undefined,
    },
    { cause },
  );
}
