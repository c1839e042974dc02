// Who the customer is, what they are worth, and how to reach them.

import type { CustomerState } from '../protocol';
import { count, money } from '../format';
import { aliasName, bandName, languageName, personName, reachable, sentence } from '../words';
import { ChannelIcon, ScoreRing, When } from '../ui/bits';

export function Profile({ state, score }: { state: CustomerState; score: number }) {
  const p = state.profile;
  const reach = (state.aliases ?? []).filter((a) => reachable(a.kind));
  const language = p.language || state.language;
  return (
    <section class="profile panel" aria-label="Profile">
      <ScoreRing score={score} large />
      <div class="profile-who">
        <h1>{sentence(personName(state.id, p.name))}</h1>
        <p class="about">
          <span class={`mood-word band-text-${bandName(score).replace(' ', '-')}`}>{sentence(bandName(score))}</span>
          {p.segment && <span class="segment">{p.segment}</span>}
          {p.relationship && <span>{p.relationship}</span>}
          <span class="id">{state.id}</span>
        </p>
        <ul class="reach-list" aria-label="Ways to reach them">
          {reach.map((a) => (
            <li key={a.kind + a.value}>
              <span class="quiet">{aliasName(a.kind)} </span>
              {reachLink(a.kind, a.value)}
            </li>
          ))}
          {!reach.length && <li class="soft">No way to reach them is known yet.</li>}
        </ul>
      </div>
      <dl class="profile-facts">
        {!!p.value && <Fact name="Value">{money(p.value)} a year</Fact>}
        {p.owner && <Fact name="Owner">{p.owner}</Fact>}
        {language && <Fact name="Language">{languageName(language)}</Fact>}
        {p.consent && <Fact name="Consent">{p.consent}</Fact>}
        <Fact name="Last seen">
          <When at={state.last_seen} />
        </Fact>
        <Fact name="Touchpoints">{count(state.touchpoints)}</Fact>
        <Fact name="Channels">
          <span class="channel-counts">
            {(state.channels ?? [])
              .filter((c) => c.channel !== 'crm')
              .map((c) => (
                <span key={c.channel} title={`${count(c.total)} touchpoints, ${count(c.negative)} negative signals`}>
                  <ChannelIcon channel={c.channel} /> {count(c.total)}
                  {c.negative > 0 && <b class="bad-count">{count(c.negative)} bad</b>}
                </span>
              ))}
          </span>
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function reachLink(kind: string, value: string) {
  if (kind === 'email') return <a href={`mailto:${encodeURIComponent(value).replace('%40', '@')}`}>{value}</a>;
  if (kind === 'phone') return <a href={`tel:${value}`}>{value}</a>;
  const colon = value.indexOf(':');
  return colon < 0 ? `@${value}` : `@${value.slice(colon + 1)} on ${value.slice(0, colon)}`;
}
