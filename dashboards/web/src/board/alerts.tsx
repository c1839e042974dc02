// Alerts as cards: what, whom, why, since when, and what a person can do about it. The same card is used on every page.

import { useState } from 'preact/hooks';
import type { Alert } from '../protocol';
import { ago, count, money } from '../format';
import { alerts, now, picture } from '../live/store';
import { isOpen } from '../live/picture';
import { acknowledge, askToResolve, sending } from '../desk';
import { channelName, outcomeName, personName, plain, splitPlace } from '../words';
import { ChannelIcon, customerPath, Empty, Panel, placePath, SeverityMark, When } from '../ui/bits';
import { useHeld } from '../ui/hold';
import { Icon } from '../ui/icon';

export function Alerts() {
  const all = alerts.value;
  const open = all.filter(isOpen).length;
  const list = useHeld(all, (a) => a.id);
  return (
    <Panel
      id="alerts"
      class="alerts-panel"
      title="Alerts"
      aside={
        <span class="panel-aside">
          {list.waiting > 0 && <span class="waiting">{list.waiting} new waiting</span>}
          <a href="/alerts">
            {count(open)} open{picture.value?.omitted ? ` and ${count(picture.value.omitted)} more` : ''}
          </a>
        </span>
      }
    >
      <div class="scroll" {...list.handlers}>
        {list.rows.length ? (
          <>
            <AlertList alerts={list.rows} />
            <a class="more-alerts" href="/alerts">
              All {count(all.length)} alerts
            </a>
          </>
        ) : (
          <Empty>{picture.value ? 'No open alerts. Nobody is in trouble that we know of.' : 'Waiting for the first picture.'}</Empty>
        )}
      </div>
    </Panel>
  );
}

export function AlertList({ alerts: all, about = true }: { alerts: Alert[]; about?: boolean }) {
  return (
    <ol class="alert-list">
      {all.map((a) => (
        <li key={a.id}>{isOpen(a) ? <Card alert={a} about={about} /> : <Ended alert={a} about={about} />}</li>
      ))}
    </ol>
  );
}

function Card({ alert: a, about }: { alert: Alert; about: boolean }) {
  const pending = sending.value.get(a.id);
  return (
    <article class={`alert sev-${a.severity} phase-${a.phase}`} data-alert={a.id}>
      <div class="alert-head">
        <SeverityMark severity={a.severity} />
        <h3>{a.title}</h3>
        <span class="alert-since">
          <When at={a.since} />
        </span>
      </div>
      {about && <About alert={a} />}
      <p class="alert-reason">{a.reason}</p>
      <div class="alert-foot">
        <Facts alert={a} />
        <div class="actions">
          {a.phase === 'firing' && (
            <button type="button" class="button" disabled={!!pending} onClick={() => acknowledge(a)}>
              <Icon name="check" />
              {pending === 'acknowledge' ? 'Sending…' : 'Acknowledge'}
              <span class="quiet"> {a.title}, {nameOf(a)}</span>
            </button>
          )}
          <button type="button" class="button ghost" disabled={!!pending} onClick={() => askToResolve(a)}>
            {pending === 'resolve' ? 'Sending…' : 'Resolve'}
            <span class="quiet"> {a.title}, {nameOf(a)}</span>
          </button>
        </div>
      </div>
      {a.phase === 'acknowledged' && (
        <p class="alert-note">
          <Icon name="check" />
          <span>
            Acknowledged by {a.acknowledged_by || 'somebody'}
            {a.note ? `: ${a.note}` : ''}
          </span>
        </p>
      )}
    </article>
  );
}

export const nameOf = (a: Alert): string =>
  a.subject.kind === 'place' ? splitPlace(a.subject.name || a.subject.id).value : personName(a.subject.id, a.subject.name);

export const subjectPath = (a: Alert): string =>
  a.subject.kind === 'place' ? placePath(a.subject.id) : customerPath(a.subject.id);

function About({ alert: a }: { alert: Alert }) {
  const s = a.subject;
  return (
    <p class="about">
      <a href={subjectPath(a)}>
        {s.kind === 'place' && <Icon name="place" />}
        {nameOf(a)}
      </a>
      {s.kind === 'place' && <span>{splitPlace(s.id).kind}</span>}
      {s.segment && <span class="segment">{s.segment}</span>}
      {!!s.value && <span>{money(s.value)} a year</span>}
      {!!a.affected && <span>{count(a.affected)} customers hit</span>}
      {s.owner && <span class="owner">owner {s.owner}</span>}
      {s.reach?.[0] && <span class="reach">{s.reach[0].value}</span>}
    </p>
  );
}

/** Channels, evidence, lateness. The evidence opens in place. */
function Facts({ alert: a }: { alert: Alert }) {
  const [open, setOpen] = useState(false);
  const evidence = a.evidence ?? [];
  const reach = a.subject.reach ?? []; // of somebody who is in a chat only, the contact there
  return (
    <>
      <div class="facts">
        {(a.channels ?? []).map((c) => (
          <ChannelIcon key={c} channel={c} />
        ))}
        {evidence.length > 0 && (
          <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>
            {evidence.length} {evidence.length === 1 ? 'piece' : 'pieces'} of evidence
          </button>
        )}
        {a.late && <span class="badge">found late</span>}
      </div>
      {open && (
        <ol class="evidence">
          {evidence.map((e, i) => (
            <li key={e.touchpoint ?? i}>
              <When at={e.at} as="clock" />
              {e.channel ? <ChannelIcon channel={e.channel} /> : <Icon name="other" />}
              <span>
                {e.reason || plain(e.signal ?? '') || (e.channel ? channelName(e.channel) : '')}
                {e.customer && a.subject.kind === 'place' && (
                  <>
                    {' · '}
                    <a href={customerPath(e.customer)}>{personName(e.customer)}</a>
                  </>
                )}
              </span>
            </li>
          ))}
          {reach.length > 0 && (
            <li class="reach">
              <span>Reach</span>
              <Icon name="crm" />
              <span>{reach.map((r) => r.value).join(' · ')}</span>
            </li>
          )}
        </ol>
      )}
    </>
  );
}

function Ended({ alert: a, about }: { alert: Alert; about: boolean }) {
  return (
    <article class="alert ended" data-alert={a.id}>
      <Icon name="done" />
      <h3>{a.title}</h3>
      {about && <a href={subjectPath(a)}>{nameOf(a)}</a>}
      <span class="ended-how">
        {outcomeName(a.outcome)}
        {a.acknowledged_by ? ` · ${a.acknowledged_by}` : ''} · {ago(a.updated_at, now.value)}
      </span>
    </article>
  );
}
