import type { MeasuredReport } from './create-report.ts';
import type { Figure } from './figure.ts';
import { accuracyFigure } from './figures/accuracy.ts';
import { classesFigure } from './figures/classes.ts';
import { confusionCountsFigure, confusionFigure } from './figures/confusion.ts';
import { coverageFigure } from './figures/coverage.ts';
import { distributionFigure } from './figures/distribution.ts';
import { examplesFigure, mistakesFigure } from './figures/faces.ts';
import { learningCurvesFigure } from './figures/learning-curves.ts';
import { ranksFigure } from './figures/ranks.ts';
import { reliabilityFigure } from './figures/reliability.ts';

/** The figures of a report by what they are about; those without data are undefined. */
export function drawFigures({ report, pictures }: Pick<MeasuredReport, 'report' | 'pictures'>) {
  return {
    accuracy: accuracyFigure(report),
    confusion: confusionFigure(report),
    confusionCounts: confusionCountsFigure(report),
    classes: classesFigure(report),
    ranks: ranksFigure(report),
    reliability: reliabilityFigure(report),
    coverage: coverageFigure(report),
    distribution: distributionFigure(report),
    learningCurves: learningCurvesFigure(report),
    examples: examplesFigure(report, pictures),
    mistakes: mistakesFigure(report, pictures),
  } satisfies Record<string, Figure | undefined>;
}

export type Figures = ReturnType<typeof drawFigures>;

/** Files that only some reports have, by {@link Figure.name}: those of an earlier report in the same folder must go. */
export const OPTIONAL_FIGURES: readonly string[] = ['learning-curves', 'mistakes'];
