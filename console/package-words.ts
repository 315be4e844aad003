/** The kinds of packages and the ways in which they carry credentials, in words for who is no cryptographer. */
import type { Architecture, CredentialMode, PackageKind } from './package-api.ts';

interface Words {
  readonly label: string;
  readonly meaning: string;
}

interface KindWords extends Words {
  readonly button: string;
  /** What installing it does. */
  readonly does: string;
}

export const KINDS: Readonly<Record<PackageKind, KindWords>> = {
  standalone: {
    label: 'Standalone Server',
    meaning: 'A server of its own: its own data, its own keys.',
    button: 'Build Standalone Server Package',
    does: 'Makes a Mac a server of its own. It makes its keys at its first start and has nothing in common with this server.',
  },
  'cluster-node': {
    label: 'Cluster Node',
    meaning: 'One more server of this cluster.',
    button: 'Build Cluster Node Package',
    does: 'Makes a Mac one more server of this cluster. It takes reports and shows this console; when another server stops, it goes on.',
  },
  agent: {
    label: 'Agent',
    meaning: 'A Mac that reports here.',
    button: 'Build Agent Package',
    does: 'Makes a Mac send its reports to these servers. It needs no network to be installed.',
  },
};

/** As in the address of the page; whoever comes without one wants a second server. */
export function kindIn(query: URLSearchParams): PackageKind {
  const wanted = query.get('kind') ?? '';
  return wanted === 'standalone' || wanted === 'agent' ? wanted : 'cluster-node';
}

export type NodeCredentials = Exclude<CredentialMode, 'none'>;

export const CREDENTIALS: Readonly<Record<NodeCredentials, Words>> = {
  embedded: {
    label: 'Full credentials',
    meaning:
      'The secrets themselves are inside. It works with no other server up, and never expires: the secrets are good until you change them.',
  },
  ticket: {
    label: 'Join ticket',
    meaning:
      'A ticket for one server is inside, and no other secret. The new server fetches the secrets, encrypted for it alone, from a server that must be up then. It expires, and you can revoke it until it is used.',
  },
};

/** What somebody has who has the file. */
export function holdingOf(kind: PackageKind, credentials: CredentialMode): string {
  if (credentials === 'none') return 'No secret';
  return kind === 'agent' ? 'Keys of an agent' : CREDENTIALS[credentials].label;
}

export const ARCHITECTURES: Readonly<Record<Architecture, string>> = {
  universal: 'Universal: Apple silicon and Intel',
  arm64: 'Apple silicon (arm64)',
  x64: 'Intel (x86_64)',
};

interface Damage {
  readonly sentences: readonly string[];
  /** Its holder has what only a change of the secrets takes from him. */
  readonly isSecret: boolean;
}

/** What its loss means. */
export function damageOf(kind: PackageKind, credentials: CredentialMode): Damage {
  if (kind === 'standalone') {
    return {
      isSecret: false,
      sentences: [
        'There is no secret inside, so its loss does no harm. Still check the SHA-256 on the new Mac: whoever changes the file on its way owns that server.',
      ],
    };
  }
  if (kind === 'agent') {
    return {
      isSecret: true,
      sentences: [
        'Whoever has this file can send reports in the name of any Mac, and read reports that he captures on their way.',
        'Treat it like a password: move it encrypted, and delete it after installing.',
      ],
    };
  }
  if (credentials === 'ticket') {
    return {
      isSecret: false,
      sentences: [
        'Whoever uses this file first becomes a server of your cluster and gets all its secrets. After that, or after its end, it is worthless.',
        'Treat it like a password until then. Lost it? Revoke it below. Used by somebody else? Evict that server at once.',
      ],
    };
  }
  return {
    isSecret: true,
    sentences: [
      'Whoever has this file can read and change the data of your whole fleet. There is no date at which that ends.',
      'Treat it like a password: move it encrypted, and delete it after installing. Lost it? Change everything that is inside.',
    ],
  };
}
