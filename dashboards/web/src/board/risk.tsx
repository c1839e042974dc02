// Customers at risk, lowest score first.

import type { RiskRow } from '../protocol';
import { clock, count, money } from '../format';
import { atRisk, picture } from '../live/store';
import { ChannelIcon, customerPath, Empty, Panel, ScoreRing } from '../ui/bits';
import { personName } from '../words';
import { useHeld } from '../ui/hold';

export function Risk() {
  const list = useHeld(atRisk.value, (r) => r.customer);
  return (
    <Panel
      id="risk"
      class="risk-panel"
      title="Customers at risk"
      aside={
        <span class="panel-aside">
          {list.waiting > 0 && <span class="waiting">{list.waiting} new waiting</span>}
          <span>lowest score first</span>
        </span>
      }
    >
      <div class="scroll" {...list.handlers}>
        {list.rows.length ? (
          <ol class="risk-list">
            {list.rows.map((r) => (
              <li key={r.customer}>
                <Row row={r} />
              </li>
            ))}
          </ol>
        ) : (
          <Empty>{picture.value ? 'Nobody is at risk right now.' : 'Waiting for the first picture.'}</Empty>
        )}
      </div>
    </Panel>
  );
}

function Row({ row: r }: { row: RiskRow }) {
  return (
    <a class="risk" href={customerPath(r.customer)} title={`Score at ${clock(r.at)}: ${r.reason}`}>
      <ScoreRing score={r.score} />
      <span class="risk-who">
        <b>{personName(r.customer, r.name)}</b>
        {r.segment && <span class="segment">{r.segment}</span>}
        {!!r.value && <span class="value">{money(r.value)}</span>}
      </span>
      <span class="risk-why">{r.reason}</span>
      <span class="risk-marks">
        {(r.channels ?? []).map((c) => (
          <ChannelIcon key={c} channel={c} />
        ))}
        {r.alerts > 0 && (
          <span class="badge bad">
            {count(r.alerts)} <span class="quiet">open {r.alerts === 1 ? 'alert' : 'alerts'}</span>
            <span aria-hidden="true">{r.alerts === 1 ? 'alert' : 'alerts'}</span>
          </span>
        )}
      </span>
    </a>
  );
}
