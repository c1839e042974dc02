// Why the score is what it is: from the baseline down, one bar per contribution, and at the end the score. A click on a line
// shows its evidence in the time line.

import type { Contribution, Explanation, Millis } from '../protocol';
import { duration, points, signedPoints } from '../format';
import { plain, sentence } from '../words';
import { ChannelIcon, Empty, Panel, When } from '../ui/bits';
import { waterfall, type Step } from './waterfall';

interface Props {
  explanation: Explanation;
  asOf: Millis;
  chosen: readonly string[];
  onChoose(ids: readonly string[]): void;
}

export function Score({ explanation, asOf, chosen, onChoose }: Props) {
  const w = waterfall(explanation);
  return (
    <Panel
      id="score"
      class="score-panel"
      title="Why this score"
      aside={
        <span class="panel-aside">
          as of <When at={asOf} as="clock" />
        </span>
      }
    >
      {w.steps.length === 0 && w.rest.count === 0 && <Empty>Nothing speaks for or against it: the score is the baseline.</Empty>}
      <ol class="waterfall">
        <li class="fall fall-end">
          <span class="fall-name">Baseline</span>
          <span class="fall-points">{points(explanation.baseline)}</span>
        </li>
        {w.steps.map((s) => (
          <li key={`${s.contribution.name}/${s.contribution.episode ?? ''}`}>
            <Line step={s} chosen={isChosen(s.contribution, chosen)} onChoose={onChoose} zero={w.zero} hundred={w.hundred} />
          </li>
        ))}
        {w.rest.count > 0 && (
          <li class="fall fall-rest">
            <span class="fall-name">{w.rest.count} faded</span>
            <span class="fall-points">{signedPoints(w.rest.points)}</span>
          </li>
        )}
        <li class="fall fall-end fall-total">
          <span class="fall-name">Score</span>
          <span class="fall-points">{points(w.total)}</span>
        </li>
      </ol>
    </Panel>
  );
}

const isChosen = (c: Contribution, chosen: readonly string[]): boolean =>
  chosen.length > 0 && (c.evidence ?? []).join() === chosen.join();

const limitName = (c: Contribution): string => (c.family ? `Limit of ${plain(c.family)}` : 'Limit');

function Line({ step, chosen, onChoose, zero, hundred }: { step: Step; chosen: boolean; onChoose: Props['onChoose']; zero: number; hundred: number }) {
  const c = step.contribution;
  const limit = c.name === 'limit';
  const evidence = c.evidence ?? [];
  const tone = limit ? 'limit' : c.points < 0 ? 'bad' : 'good';
  const body = (
    <>
      <span class="fall-name">
        {c.channel && <ChannelIcon channel={c.channel} />}
        {limit ? limitName(c) : sentence(plain(c.name))}
      </span>
      <span class="fall-points">{signedPoints(c.points)}</span>
      <svg class={`fall-bar tone-${tone}`} viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <rect class="fall-track" x={zero * 1000} width={(hundred - zero) * 1000} height="10" />
        <rect class="fall-fill" x={step.left * 1000} width={Math.max(3, (step.right - step.left) * 1000)} height="10" />
      </svg>
      <span class="fall-why">{limit ? c.reason || 'the score stays between 0 and 100' : c.reason}</span>
      {!limit && (
        <span class="fall-decay">
          {c.weight !== undefined && `was ${signedPoints(c.weight)}, `}
          {c.half_life_seconds ? `halves every ${duration(c.half_life_seconds * 1000)}` : ''}
          {c.at ? (
            <>
              {' · '}
              <When at={c.at} />
            </>
          ) : null}
        </span>
      )}
    </>
  );
  if (!evidence.length) return <div class="fall">{body}</div>;
  return (
    <button type="button" class="fall fall-button" aria-pressed={chosen} onClick={() => onChoose(chosen ? [] : evidence)}>
      {body}
      <span class="quiet">{chosen ? 'Evidence is marked in the time line' : 'Mark its evidence in the time line'}</span>
    </button>
  );
}
