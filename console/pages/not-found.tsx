/** An address at which nothing stands. */
import { Link } from 'wouter';
import { PageHeading } from '../parts/page-heading.tsx';

export function NotFoundPage() {
  return (
    <>
      <PageHeading title="There is no such page" />
      <p>
        The address may be mistyped or from another version. <Link href="/">Go to the dashboard</Link>
      </p>
    </>
  );
}
