// What makes the picture look better than things are, under the head of every page: a channel that is silent shows no unhappy customers.

import { progress } from '../live/store';

export function Warnings() {
  const said = progress.value?.warnings ?? [];
  if (!said.length) return null;
  return (
    <ul class="warnings" aria-label="Warnings">
      {said.map((words) => (
        <li key={words}>{words}</li>
      ))}
    </ul>
  );
}
