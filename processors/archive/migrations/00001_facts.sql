-- +goose Up

-- What happened, a row per touchpoint. The sorting key ends in the id and does not hold the customer, because a merge of two
-- customers changes whose it was; the partition is a function of the event. The highest revision of a key is the row.
CREATE TABLE IF NOT EXISTS touchpoints
(
    minute           DateTime('UTC'),
    id               String,
    channel          LowCardinality(String),
    kind             LowCardinality(String),
    customer         String,
    occurred_at      DateTime64(3, 'UTC'),
    received_at      DateTime64(3, 'UTC'),
    place            String,
    page             String,
    element          String,
    form             String,
    field            String,
    queue            LowCardinality(String),
    platform         LowCardinality(String),
    campaign         LowCardinality(String),
    product          String,
    release          LowCardinality(String),
    agent            LowCardinality(String),
    url              String,
    thread           String,
    view_id          String,
    text             String,
    language         LowCardinality(String),
    judged           Bool,
    displeasure      Float32,
    problem          Float32,
    confidence       Float32,
    intents          Array(LowCardinality(String)),
    words            Array(String),
    rating_metric    LowCardinality(String),
    rating_score     Float64,
    rating_min       Float64,
    rating_max       Float64,
    clicked          Bool,
    click_x          Int32,
    click_y          Int32,
    click_outcome    LowCardinality(String),
    duration_ms      Int64,
    status           Int32,
    amount           Float64,
    reach            Int64,
    links            Bool,
    attributes       Map(String, String),
    aliases          Array(String),
    format           LowCardinality(String),
    source_topic     LowCardinality(String),
    source_partition Int32,
    source_epoch     Int32,
    source_offset    Int64,
    source_index     Int32,
    revision         UInt64,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, channel, id);

-- What touchpoints say of a customer, the latest judgement per signal. Times may change with the evidence, so neither the
-- sorting key nor a partition depends on them. The revision is the place in the timeline that brought the judgement.
CREATE TABLE IF NOT EXISTS signals
(
    id        String,
    customer  String,
    name      LowCardinality(String),
    family    LowCardinality(String),
    first     DateTime64(3, 'UTC'),
    at        DateTime64(3, 'UTC'),
    weight    Int32,
    half_life Int32,
    channel   LowCardinality(String),
    places    Array(String),
    evidence  Array(String),
    reason    String,
    gone      Bool,
    revision  UInt64
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY id;

-- Alerts as they stand, the latest version of each.
CREATE TABLE IF NOT EXISTS alerts
(
    id              String,
    rule            LowCardinality(String),
    rule_version    LowCardinality(String),
    title           String,
    severity        LowCardinality(String),
    phase           LowCardinality(String),
    subject_kind    LowCardinality(String),
    subject         String,
    segment         LowCardinality(String),
    since           DateTime64(3, 'UTC'),
    updated_at      DateTime64(3, 'UTC'),
    reason          String,
    channels        Array(LowCardinality(String)),
    evidence        Array(String),
    score           Float64,
    affected        UInt32,
    acknowledged_by String,
    note            String,
    outcome         LowCardinality(String),
    late            Bool,
    labels          Map(String, String),
    route           LowCardinality(String),
    body            String,
    revision        UInt64
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY id;

-- What the CRM says of a customer, as far as counting needs it.
CREATE TABLE IF NOT EXISTS customers
(
    customer     String,
    segment      LowCardinality(String),
    relationship LowCardinality(String),
    owner        LowCardinality(String),
    language     LowCardinality(String),
    value        Float64,
    revision     UInt64
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY customer;

-- Counts per minute, always of a minute as a whole and computed from the facts above. All rows of one computation carry the
-- same version, which grows with the facts that it saw; of a minute, the rows with its highest version are true.
CREATE TABLE IF NOT EXISTS touchpoint_minutes
(
    minute    DateTime('UTC'),
    channel   LowCardinality(String),
    place     String,
    campaign  LowCardinality(String),
    segment   LowCardinality(String),
    total     UInt64,
    negatives UInt64,
    score_sum Int64,
    customers AggregateFunction(uniq, String),
    durations AggregateFunction(quantilesDD(0.005, 0.5, 0.95), Float64),
    version   UInt128
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, channel, place, campaign, segment);
