/** Entry of the console: theme, queries, and which page stands at which address. */
import '@mantine/core/styles.layer.css';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/frame.css';
import './styles/contents.css';
import './styles/states.css';
import './styles/tables.css';
import './styles/dashboard.css';
import './styles/machine.css';
import './styles/cluster.css';
import './styles/packages.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { Route, Switch } from 'wouter';
import { machineIdOf } from './machine-address.ts';
import { AuditPage } from './pages/audit.tsx';
import { ClusterHealthPage } from './pages/cluster-health.tsx';
import { DashboardPage } from './pages/dashboard.tsx';
import { LoginPage } from './pages/login.tsx';
import { MachinePage } from './pages/machine.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { PackageBuilderPage } from './pages/package-builder.tsx';
import { SetupPage } from './pages/setup.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { ErrorBox } from './parts/error-box.tsx';
import { Shell } from './parts/shell.tsx';
import { createQueryClient, useSession } from './queries.ts';
import { cssVariables, theme } from './theme.ts';

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
// The scroll lock of Mantine's dialogs takes the nonce of its style element from this name.
Object.assign(window, { __webpack_nonce__: nonce });

const schemes = localStorageColorSchemeManager({ key: 'atlas-fleet-colours' });

/** Before the first drawing, so that nothing flashes in the other scheme. */
function setFirstScheme(): void {
  const chosen = schemes.get('auto');
  const dark =
    chosen === 'auto' ? window.matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
}

function SignedIn() {
  const { data: session, error, refetch } = useSession();
  if (session) {
    return (
      <Shell session={session}>
        <Switch>
          <Route path="/">
            <DashboardPage />
          </Route>
          <Route path="/machines/:id">
            {({ id }) => <MachinePage key={id} machineId={machineIdOf(id)} />}
          </Route>
          <Route path="/settings/cluster">
            <ClusterHealthPage />
          </Route>
          <Route path="/settings/packages">
            <PackageBuilderPage />
          </Route>
          <Route path="/settings/tokens">
            <TokensPage />
          </Route>
          <Route path="/settings/audit">
            <AuditPage />
          </Route>
          <Route>
            <NotFoundPage />
          </Route>
        </Switch>
      </Shell>
    );
  }
  if (error) {
    return (
      <main className="at-door">
        <h1 className="at-hidden">Atlas Fleet</h1>
        <ErrorBox error={error} onRetry={() => void refetch()} />
      </main>
    );
  }
  return session === null ? <LoginPage /> : null;
}

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
setFirstScheme();
createRoot(root).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariables}
    colorSchemeManager={schemes}
    defaultColorScheme="auto"
    getStyleNonce={() => nonce}
  >
    <QueryClientProvider client={createQueryClient()}>
      <Switch>
        <Route path="/setup">
          <SetupPage />
        </Route>
        <Route>
          <SignedIn />
        </Route>
      </Switch>
    </QueryClientProvider>
  </MantineProvider>,
);
