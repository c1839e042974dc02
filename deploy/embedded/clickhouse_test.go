package embedded

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"touchwatch/deploy/connect"
)

// startClickHouse starts the child, or skips when there is no engine on this machine.
func startClickHouse(t testing.TB, options ClickHouseOptions) *ClickHouse {
	t.Helper()
	if _, err := FindLibchdb(); err != nil {
		t.Skip(err)
	}
	if options.Listen == "" {
		options.Listen = "127.0.0.1:0"
	}
	c, err := StartClickHouse(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func open(t testing.TB, c *ClickHouse, compression string) driver.Conn {
	t.Helper()
	conn, err := connect.ClickHouse{Addrs: []string{c.Addr()}, Protocol: "http", Compression: compression}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func execute(t testing.TB, conn driver.Conn, query string, args ...any) {
	t.Helper()
	if err := conn.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%.80s: %v", query, err)
	}
}

// hostile are texts that once ended a statement, or began another one.
var hostile = []string{
	"", "plain", "two\n\nempty\n\n\nlines", "it's \"quoted\" `here`", `back\slash \' \n \N`, "'; DROP TABLE texts; --", "\x00\x01\t\r\n\n",
	"naïve 日本語 🙂", "FORMAT Native\n\n", "INSERT INTO texts VALUES ('x')", "{a:String}", strings.Repeat("\n", 2570),
}

func TestTextsComeBackUnchanged(t *testing.T) {
	server := startClickHouse(t, ClickHouseOptions{})
	for _, compression := range []string{"none", "lz4", "zstd"} {
		t.Run(compression, func(t *testing.T) {
			conn := open(t, server, compression)
			execute(t, conn, "DROP TABLE IF EXISTS texts SYNC")
			execute(t, conn, "CREATE TABLE texts (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO texts (n, s)")
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range hostile {
				if err := batch.Append(uint64(2570+i), s); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			execute(t, conn, "INSERT INTO texts VALUES (1, ?)", hostile[2]+hostile[5])
			rows, err := conn.Query(t.Context(), "SELECT n, s FROM texts ORDER BY n")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rows.Close() }()
			want := append([]string{hostile[2] + hostile[5]}, hostile...)
			for i := 0; rows.Next(); i++ {
				var n uint64
				var s string
				if err := rows.Scan(&n, &s); err != nil {
					t.Fatal(err)
				}
				if i >= len(want) || s != want[i] {
					t.Errorf("row %d is %q", i, s)
				}
				if i == len(want)-1 {
					want = nil
				}
			}
			if err := rows.Err(); err != nil || want != nil {
				t.Errorf("rows are missing: %v", err)
			}
			for _, s := range hostile {
				var back string
				named := clickhouse.Named("s", s)
				if err := conn.QueryRow(t.Context(), "SELECT s FROM texts WHERE s = @s AND n > 1", named).Scan(&back); err != nil || back != s {
					t.Errorf("bound %q came back as %q: %v", s, back, err)
				}
			}
		})
	}
}

func TestParametersOfAllKinds(t *testing.T) {
	conn := open(t, startClickHouse(t, ClickHouseOptions{}), "lz4")
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"s": "a'b", "n": "2570", "t": "2026-01-02 03:04:05.678", "list": "['x','y']"}))
	var (
		s    string
		n    uint64
		when time.Time
		list []string
	)
	row := conn.QueryRow(ctx, "SELECT {s:String}, {n:UInt64}, {t:DateTime64(3,'UTC')}, {list:Array(String)}")
	if err := row.Scan(&s, &n, &when, &list); err != nil {
		t.Fatal(err)
	}
	if s != "a'b" || n != 2570 || when.UnixMilli() != 1767323045678 || len(list) != 2 {
		t.Error(s, n, when, list)
	}
	settings := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1}))
	var inside, after uint64
	if err := conn.QueryRow(settings, "SELECT toUInt64(getSetting('max_threads'))").Scan(&inside); err != nil || inside != 1 {
		t.Errorf("a setting of the query: %d, %v", inside, err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT toUInt64(getSetting('async_insert'))").Scan(&after); err != nil || after != 0 {
		t.Errorf("a setting of the connection: %d, %v", after, err)
	}
}

func TestTypesComeBackUnchanged(t *testing.T) {
	conn := open(t, startClickHouse(t, ClickHouseOptions{}), "lz4")
	execute(t, conn, `CREATE TABLE kinds (
		low LowCardinality(String), lownull LowCardinality(Nullable(String)), null Nullable(String), nullnumber Nullable(Float64),
		i8 Int8, i64 Int64, u32 UInt32, f32 Float32, flag Bool, day Date, second DateTime, milli DateTime64(3, 'UTC'),
		list Array(String), lows Array(LowCardinality(String)), pairs Map(String, String), counts Map(LowCardinality(String), UInt64),
		kind Enum8('page' = 1, 'chat' = 2), id UUID, pair Tuple(a String, b UInt8), price Decimal(18, 2), newest SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
	) ENGINE = MergeTree ORDER BY low`)
	when := time.UnixMilli(1767323045678).UTC()
	id := uuid.MustParse("0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a")
	text := "x\n\ny"
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO kinds")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := batch.Append(text, &text, (*string)(nil), nil, int8(-1), int64(-2570), uint32(2570), float32(1.5), true, when, when, when,
			[]string{text, ""}, []string{"a", "a"}, map[string]string{"k": text}, map[string]uint64{"k": 2570},
			"chat", id, map[string]any{"a": text, "b": uint8(10)}, "12.34", when); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var (
		low, kind, price  string
		lownull, null     *string
		list, lows        []string
		pairs             map[string]string
		counts            map[string]uint64
		milli, newest, at time.Time
		gotID             uuid.UUID
		pair              map[string]any
		i64               int64
	)
	if err := conn.QueryRow(t.Context(), "SELECT low, lownull, null, list, lows, pairs, counts, kind, id, pair, toString(price), milli, newest, second, i64 FROM kinds LIMIT 1").
		Scan(&low, &lownull, &null, &list, &lows, &pairs, &counts, &kind, &gotID, &pair, &price, &milli, &newest, &at, &i64); err != nil {
		t.Fatal(err)
	}
	if low != text || lownull == nil || *lownull != text || null != nil || len(list) != 2 || list[0] != text || lows[1] != "a" || pairs["k"] != text ||
		counts["k"] != 2570 || kind != "chat" || gotID != id || pair["a"] != text || price != "12.34" || !milli.Equal(when) || !newest.Equal(when) || at.Unix() != when.Unix() || i64 != -2570 {
		t.Error(low, lownull, null, list, lows, pairs, counts, kind, gotID, pair, price, milli, newest, at, i64)
	}
	if err := conn.QueryRow(t.Context(), "SELECT uniqState(low) FROM kinds").Scan(&low); err == nil || !strings.Contains(err.Error(), "Merge function") {
		t.Errorf("a state of an aggregate: %v", err)
	}
}

func TestAggregateStatesStayInTheEngine(t *testing.T) {
	conn := open(t, startClickHouse(t, ClickHouseOptions{}), "lz4")
	execute(t, conn, "CREATE TABLE minutes (m DateTime, n AggregateFunction(uniq, String), q AggregateFunction(quantilesTDigest(0.5, 0.99), Float64), v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY m")
	for range 2 {
		execute(t, conn, "INSERT INTO minutes SELECT toStartOfMinute(toDateTime(0)), uniqState(toString(number % 7)), quantilesTDigestState(0.5, 0.99)(toFloat64(number)), count() FROM numbers(1000)")
	}
	var unique uint64
	var quantiles []float32
	if err := conn.QueryRow(t.Context(), "SELECT uniqMerge(n), quantilesTDigestMerge(0.5, 0.99)(q) FROM minutes FINAL").Scan(&unique, &quantiles); err != nil {
		t.Fatal(err)
	}
	if unique != 7 || len(quantiles) != 2 || quantiles[0] < 490 || quantiles[0] > 510 {
		t.Error(unique, quantiles)
	}
}

func TestAManyBlockResultArrivesWhole(t *testing.T) {
	conn := open(t, startClickHouse(t, ClickHouseOptions{}), "lz4")
	rows, err := conn.Query(t.Context(), "SELECT number, toString(number) FROM numbers(1000000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var n, sum uint64
	var s string
	for i := uint64(0); rows.Next(); i++ {
		if err := rows.Scan(&n, &s); err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if rows.Err() != nil || sum != 1000000*999999/2 {
		t.Errorf("sum %d, %v", sum, rows.Err())
	}
	rows, err = conn.Query(t.Context(), "SELECT 1 WHERE 0")
	if err != nil || rows.Next() || rows.Err() != nil {
		t.Errorf("no rows: %v", err)
	}
}

func TestErrorsKeepTheirCode(t *testing.T) {
	conn := open(t, startClickHouse(t, ClickHouseOptions{Deadline: time.Second}), "lz4")
	for query, code := range map[string]int32{
		"SELECT nosuch": 47, "SELECT * FROM nosuch": 60, "SELECT FROM WHERE": 62, "SELECT count() FROM numbers(1000000000000)": 159, "INSERT INTO FUNCTION null() SELECT throwIf(number = 500000) FROM numbers(1000000)": 395,
	} {
		err := conn.Exec(t.Context(), query)
		var exception *clickhouse.Exception
		if !errors.As(err, &exception) || exception.Code != code {
			t.Errorf("%s: %v", query, err)
		}
	}
	rows, err := conn.Query(t.Context(), "SELECT throwIf(number = 500000) FROM numbers(1000000)")
	if err != nil {
		return
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		continue
	}
	if rows.Err() == nil {
		t.Error("a result that ends in an error looks whole")
	}
}

// plain sends a request as curl does.
func plain(t *testing.T, c *ClickHouse, method, target, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.Addr()+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPeopleCanAskByHand(t *testing.T) {
	server := startClickHouse(t, ClickHouseOptions{})
	expect := func(method, target, body, want string) {
		t.Helper()
		if got := plain(t, server, method, target, body); !strings.HasPrefix(got, want) {
			t.Errorf("%s %s %q: %q, want %q", method, target, body, got, want)
		}
	}
	expect("GET", "/ping", "", "Ok.\n")
	expect("GET", "/", "", "Ok.\n")
	expect("GET", "/?query=SELECT+1%2B1", "", "2\n")
	expect("POST", "/?default_format=JSONCompact", "SELECT 7 AS x", "{")
	expect("POST", "/", "SELECT 7 AS x FORMAT CSVWithNames", "\"x\"\n7\n")
	expect("POST", "/?param_who=o'k", "SELECT {who:String}", "o\\'k\n")
	expect("POST", "/", "CREATE TABLE t (a UInt8, s String) ENGINE = Memory", "")
	expect("POST", "/?query=INSERT+INTO+t+FORMAT+CSV", "1,\"x\n\ny\"\n2,z\n", "")
	expect("POST", "/", "INSERT INTO t (s, a) VALUES ('q', 1+2);", "")
	expect("POST", "/", "SELECT a, s FROM t ORDER BY a", "1\tx\\n\\ny\n2\tz\n3\tq\n")
	expect("GET", "/?query=DROP+TABLE+t", "", "Code: 164.")
	expect("POST", "/?database=nosuch", "SELECT 1", "Code: 81.")
}

func TestACrashedChildIsReplacedAndItsTablesAreKept(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	server := startClickHouse(t, ClickHouseOptions{Data: data})
	conn := open(t, server, "lz4")
	execute(t, conn, "CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a")
	execute(t, conn, "INSERT INTO kept VALUES (1)")
	before := childOf(t, server)
	killProcess(t, before)
	if got := untilAnswered(t, server, "SELECT count() FROM kept"); got != "1\n" {
		t.Errorf("after the crash: %q", got)
	}
	if after := childOf(t, server); after == before {
		t.Error("the child was not replaced, so nothing was tested")
	}
}

func TestAChildThatIsSilentIsReplaced(t *testing.T) {
	server := startClickHouse(t, ClickHouseOptions{health: health{every: 50 * time.Millisecond, patience: 300 * time.Millisecond, failures: 3}})
	before := childOf(t, server)
	stopProcess(t, before)
	if got := untilAnswered(t, server, "SELECT 1"); got != "1\n" {
		t.Errorf("after the silence: %q", got)
	}
	if after := childOf(t, server); after == before {
		t.Error("the child was not replaced, so nothing was tested")
	}
}

func TestAQueryThatIgnoresItsDeadlineCostsTheChild(t *testing.T) {
	server := startClickHouse(t, ClickHouseOptions{Deadline: 200 * time.Millisecond})
	before := childOf(t, server)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 40 * time.Second}
	query := "SELECT sleepEachRow(3) FROM numbers(1000) SETTINGS max_execution_time = 0, max_block_size = 1, function_sleep_max_microseconds_per_block = 0"
	response, err := client.Post("http://"+server.Addr()+"/", "text/plain", strings.NewReader(query))
	if err == nil {
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		t.Fatalf("the query was answered: %s", text)
	}
	if got := untilAnswered(t, server, "SELECT 1"); got != "1\n" || childOf(t, server) == before {
		t.Errorf("after the query: %q", got)
	}
}

// untilAnswered asks until an answer comes, as the archive does.
func untilAnswered(t *testing.T, c *ClickHouse, query string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 40 * time.Second}
	for range 10 {
		response, err := client.Post("http://"+c.Addr()+"/", "text/plain", strings.NewReader(query))
		if err != nil {
			continue
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err == nil {
			return string(text)
		}
	}
	return "no answer"
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	library := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(library, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = StartClickHouse(t.Context(), ClickHouseOptions{Listen: taken.Addr().String(), Library: library})
	var address *AddressTaken
	if !errors.As(err, &address) || address.Addr != taken.Addr().String() {
		t.Errorf("a taken address: %v", err)
	}
	_, err = StartClickHouse(t.Context(), ClickHouseOptions{Listen: "0.0.0.0:0", Library: library})
	if err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("an address for everybody: %v", err)
	}
	if runtime.GOOS == "linux" {
		_, err = StartClickHouse(t.Context(), ClickHouseOptions{Listen: "127.0.0.1:0", Library: library})
		if err == nil || !strings.Contains(err.Error(), library) {
			t.Errorf("a library that is none: %v", err)
		}
	}
	t.Setenv(LibraryVariable, filepath.Join(t.TempDir(), "nothing"))
	if _, err := StartClickHouse(t.Context(), ClickHouseOptions{Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), LibraryVariable) {
		t.Errorf("a variable that points nowhere: %v", err)
	}
}
