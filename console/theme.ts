/**
 * Mantine in the console's own colours. Mantine's dimmed, placeholder and light-variant colours miss 4.5:1 in
 * one theme or the other, so every colour of text comes from styles/tokens.css, where the contrasts are kept.
 */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

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

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  colors: { accent },
  fontFamily: "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: 'sm',
  respectReducedMotion: true,
  cursorType: 'pointer',
  headings: { fontWeight: '600' },
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
