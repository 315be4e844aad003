/**
 * Mantine in the console's own colours. Mantine's dimmed, placeholder and light-variant colours miss 4.5:1 in
 * one theme or the other, so every colour of text comes from styles/tokens.css, where the contrasts are kept.
 */
import { type CSSVariablesResolver, createTheme, InputWrapper, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#eef3ff',
  '#dbe5fe',
  '#bcd0fd',
  '#93b2fb',
  '#668ef6',
  '#4571ec',
  '#2f59d9',
  '#2749b6',
  '#223f95',
  '#1d3476',
];

/** Greys with the hue of the tokens, for what Mantine draws by itself. */
const gray: MantineColorsTuple = [
  '#f7f8fa',
  '#eff1f4',
  '#e2e5ea',
  '#d3d8df',
  '#bcc2cc',
  '#8a909c',
  '#565d6b',
  '#404652',
  '#2a2f38',
  '#15181e',
];
const dark: MantineColorsTuple = [
  '#e7e9ee',
  '#c4cad4',
  '#a0a8b5',
  '#868e9b',
  '#363c46',
  '#282d35',
  '#1c2027',
  '#15181d',
  '#0e1013',
  '#08090b',
];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  colors: { accent, gray, dark },
  fontFamily: "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: 'sm',
  respectReducedMotion: true,
  cursorType: 'pointer',
  headings: { fontWeight: '600' },
  // Every field here is required; a star at each would only be noise.
  components: { InputWrapper: InputWrapper.extend({ defaultProps: { withAsterisk: false } }) },
});

const tokens = {
  '--mantine-color-text': 'var(--at-text)',
  '--mantine-color-body': 'var(--at-surface)',
  '--mantine-color-dimmed': 'var(--at-muted)',
  '--mantine-color-placeholder': 'var(--at-muted)',
  '--mantine-color-anchor': 'var(--at-link)',
  '--mantine-color-error': 'var(--at-bad)',
  '--mantine-color-bright': 'var(--at-text)',
  '--mantine-color-default': 'var(--at-surface)',
  '--mantine-color-default-hover': 'var(--at-hover)',
  '--mantine-color-default-color': 'var(--at-text)',
  '--mantine-color-default-border': 'var(--at-field)',
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: tokens, dark: tokens });
