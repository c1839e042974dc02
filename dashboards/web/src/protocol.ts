// The wire forms of alerts/hub, alerts/alert, the fold's states and the HTTP API, as JSON brings them. Moments are
// milliseconds since 1970 (Millis); what Go leaves out when empty is optional here.

export type Millis = number;

/** A channel's own lower-case name; the four built-in ones have an icon and a colour of their own. */
export type Channel = string;

export const CHANNELS = ['website', 'chat', 'social', 'call'] as const;

export type Severity = 'critical' | 'high' | 'warning' | 'info';

/** Most urgent first. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'warning', 'info'];

export type Phase = '' | 'pending' | 'firing' | 'acknowledged' | 'resolved';

export interface Alias {
  kind: string;
  value: string;
}

export interface Subject {
  kind: 'customer' | 'place';
  id: string;
  name?: string;
  segment?: string;
  value?: number;
  owner?: string;
  language?: string;
  relationship?: string;
  reach?: Alias[] | null;
  link: string;
}

export interface Evidence {
  touchpoint?: string;
  customer?: string;
  channel?: Channel;
  at: Millis;
  signal?: string;
  reason?: string;
}

export interface Alert {
  id: string;
  version: number;
  rule: string;
  rule_version: string;
  title: string;
  severity: Severity;
  phase: Phase;
  subject: Subject;
  since: Millis;
  updated_at: Millis;
  reason: string;
  evidence: Evidence[] | null;
  channels?: Channel[] | null;
  score: number;
  affected?: number;
  acknowledged_by?: string;
  note?: string;
  outcome?: string;
  late?: boolean;
  labels?: Record<string, string>;
  route?: string;
}

export interface RiskRow {
  customer: string;
  name?: string;
  segment?: string;
  value?: number;
  owner?: string;
  score: number;
  at: Millis;
  reason: string;
  channels: Channel[] | null;
  alerts: number;
  gone?: boolean;
}

export interface Minute {
  minute: Millis;
  channel: Channel;
  total: number;
  negatives: number;
  recoveries: number;
}

export interface FeedItem {
  id: string;
  at: Millis;
  channel: Channel;
  kind: string;
  customer: string;
  name?: string;
  text?: string;
  place?: string;
  score: number;
  signals?: string[] | null;
  mood?: number;
}

export interface SourceProgress {
  topic: string;
  up_to: Millis;
}

export interface Progress {
  up_to: Millis;
  sources: SourceProgress[] | null;
  /** What makes the picture look better than things are: silent channels, stalled partitions. */
  warnings?: string[];
}

export interface Snapshot {
  alerts: Alert[];
  risk: RiskRow[];
  minutes: Minute[];
  feed: FeedItem[];
  progress: Progress;
  alerts_omitted?: number;
}

export interface Delta {
  alerts?: Alert[];
  risk?: RiskRow[];
  minutes?: Minute[];
  feed?: FeedItem[];
  progress?: Progress;
  gone_alerts?: string[];
}

export interface Problem {
  code: string;
  detail: string;
}

export interface Message {
  type: 'snapshot' | 'delta' | 'error' | 'pong';
  epoch?: string;
  sequence: number;
  now: Millis;
  resumed?: boolean;
  snapshot?: Snapshot;
  delta?: Delta;
  error?: Problem;
}

export interface Filter {
  severities?: Severity[];
  channels?: Channel[];
  customer?: string;
}

export interface Request {
  type: 'subscribe' | 'resume' | 'ping';
  topics?: string[];
  filter?: Filter;
  epoch?: string;
  sequence?: number;
  token?: string;
}

// What the HTTP API answers.

export interface Place {
  page?: string;
  element?: string;
  form?: string;
  field?: string;
  queue?: string;
  platform?: string;
  campaign?: string;
  product?: string;
  release?: string;
  agent?: string;
  url?: string;
  thread?: string;
}

export interface Touchpoint {
  id: string;
  channel: Channel;
  kind: string;
  customer?: string;
  occurred_at: Millis;
  received_at: Millis;
  place: Place;
  text?: string;
  language?: string;
  mood?: { displeasure: number; problem: number; confidence: number; intents?: string[]; words?: string[] };
  rating?: { metric: string; score: number; min: number; max: number };
  click?: { x: number; y: number; outcome?: string };
  duration_ms?: number;
  status?: number;
  amount?: number;
  reach?: number;
  attributes?: Record<string, string>;
}

export interface CustomerState {
  id: string;
  profile: {
    name?: string;
    segment?: string;
    value?: number;
    owner?: string;
    language?: string;
    relationship?: string;
    consent?: string;
  };
  aliases?: Alias[] | null;
  first_seen: Millis;
  last_seen: Millis;
  now: Millis;
  touchpoints: number;
  channels?: { channel: Channel; total: number; negative: number; last: Millis }[] | null;
  language?: string;
}

export interface Contribution {
  /** Signal id, or "limit" for what the clamp took away, "limit/" and a family for what the family's cap did. */
  signal?: string;
  name: string;
  /** Family of the signal, or whose cap the limit is; empty for the clamp. */
  family?: string;
  episode?: string;
  /** Score points it is worth at as_of. */
  points: number;
  weight?: number;
  half_life_seconds?: number;
  at?: Millis;
  channel?: Channel;
  reason?: string;
  evidence?: string[] | null;
}

export interface Explanation {
  baseline: number;
  score: number;
  contributions: Contribution[] | null;
}

export interface CustomerAnswer {
  state: CustomerState;
  score: number;
  explanation: Explanation;
  alerts: Alert[] | null;
  as_of: Millis;
}

export interface TouchpointsAnswer {
  touchpoints: Touchpoint[] | null;
  source: string;
}

export interface PlaceAnswer {
  state: {
    id: string;
    now: Millis;
    signals: number;
    hits?: { customer: string; signal: string; channel: Channel; at: Millis; reason: string }[] | null;
  };
  alerts: Alert[] | null;
}
