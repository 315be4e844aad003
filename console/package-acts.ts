/** What revoking a package means, in words: of a ticket it is the end, of secrets that are inside it is a note. */
import { type PackageBuild, revokePackage } from './package-api.ts';
import type { Act } from './trust-acts.ts';

/** One that failed, too: a part of it, or its ticket, may have got out. */
export const canRevoke = ({ credentials, revoked_at }: PackageBuild): boolean =>
  credentials !== 'none' && revoked_at === null;

export function packageRevocation({ build_id, file_name, credentials, joined }: PackageBuild): Act {
  const names = joined.map(({ node_id }) => node_id).join(', ');
  const stays = names === '' ? [] : [`${names} came by it and stays. Is it not yours? Then evict it.`];
  return {
    title: `Revoke ${file_name}?`,
    sentences:
      credentials === 'ticket'
        ? ['Its join ticket ends at once: nobody can join by this package any more.', ...stays]
        : [
            'It is marked as revoked, and its join ticket ends where it has one.',
            'The secrets inside stay good until you change them: no command reaches a copy of the file.',
            'Is it in the wrong hands? The Cluster Health Monitor says under “If something leaks” what to change.',
            ...stays,
          ],
    button: 'Revoke',
    asksPassword: false,
    run: () => revokePackage(build_id),
  };
}
