/** Colours and type of a figure, as CSS values. */
export interface Theme {
  /** Behind the figure; undefined where the page has its own. */
  surface: string | undefined;
  ink: string;
  muted: string;
  grid: string;
  /**
   * Told apart also by those who see no red or no green, and on paper. The first also fills cells by its opacity: above
   * {@link STRONG} text is read better in `onFirst` than in `ink`.
   */
  series: readonly [string, string, string];
  /** Text on the first colour of the series. */
  onFirst: string;
  good: string;
  bad: string;
  font: string;
}

/** Opacity of the first colour at which both colours of text are read about equally well, in light and in dark. */
export const STRONG = 0.65;

/** Of figures that stand alone: dark on white, in plain colours, since not every program knows CSS variables. */
export const FILE_THEME: Theme = {
  surface: '#ffffff',
  ink: '#1a202c',
  muted: '#5b6472',
  grid: '#e2e6ec',
  series: ['#1b4f8c', '#c2571a', '#2a7f62'],
  onFirst: '#ffffff',
  good: '#1f7a3f',
  bad: '#b3261e',
  font: 'sans-serif',
};

/** Of figures within a page that sets these variables, and so follows its reader's light or dark mode. */
export const PAGE_THEME: Theme = {
  surface: undefined,
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  series: ['var(--first)', 'var(--second)', 'var(--third)'],
  onFirst: 'var(--on-first)',
  good: 'var(--good)',
  bad: 'var(--bad)',
  font: 'inherit',
};
