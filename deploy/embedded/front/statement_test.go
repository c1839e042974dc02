package front

import (
	"strings"
	"testing"
)

func TestDataOfAnInsertIsTakenOutOfTheStatement(t *testing.T) {
	check := func(query, from, data string) {
		t.Helper()
		st, err := parse(query)
		if err != nil || st.insert == nil {
			t.Errorf("%q: no data found: %+v, %v", query, st, err)
			return
		}
		if got := st.insert.from("/f"); got != from || st.insert.data != data {
			t.Errorf("%q:\n got %q data %q\nwant %q data %q", query, got, st.insert.data, from, data)
		}
	}
	check("INSERT INTO t VALUES (1, 'a\n\nb'); DROP TABLE x", "INSERT INTO t FROM INFILE '/f' COMPRESSION 'none'  FORMAT Values", " (1, 'a\n\nb'); DROP TABLE x")
	check("insert into `a b`.t (x, `values`) values (1)", "insert into `a b`.t (x, `values`) FROM INFILE '/f' COMPRESSION 'none'  FORMAT Values", " (1)")
	check("INSERT INTO t (a) SETTINGS async_insert=0, x='FORMAT' FORMAT Native", "INSERT INTO t (a) FROM INFILE '/f' COMPRESSION 'none' SETTINGS async_insert=0, x='FORMAT' FORMAT Native", "")
	check("INSERT INTO t FORMAT CSV\n\n\n1\n", "INSERT INTO t FROM INFILE '/f' COMPRESSION 'none'  FORMAT CSV", "\n\n1\n")
	check("/* INSERT INTO y VALUES */ INSERT INTO db.values VALUES (1)", "/* INSERT INTO y VALUES */ INSERT INTO db.values FROM INFILE '/f' COMPRESSION 'none'  FORMAT Values", " (1)")
	check("INSERT INTO values VALUES (1)", "INSERT INTO values FROM INFILE '/f' COMPRESSION 'none'  FORMAT Values", " (1)")
	check("INSERT INTO TABLE FUNCTION f('VALUES', 1) FORMAT JSONEachRow {}", "INSERT INTO TABLE FUNCTION f('VALUES', 1) FROM INFILE '/f' COMPRESSION 'none'  FORMAT JSONEachRow", "{}")
}

func TestStatementsWithoutDataStayWhole(t *testing.T) {
	check := func(query, text string, streams bool, format string) {
		t.Helper()
		st, err := parse(query)
		if err != nil || st.insert != nil || st.text != text || st.streams != streams || st.format != format {
			t.Errorf("%q: %+v, %v", query, st, err)
		}
	}
	check(" SELECT 1 ;; -- done", "SELECT 1", true, "")
	check("SELECT ';' AS \"a;b\", `c;d`, $x$;$x$ /* ; */", "SELECT ';' AS \"a;b\", `c;d`, $x$;$x$ /* ; */", true, "")
	check("SELECT 1 FORMAT JSON", "SELECT 1 FORMAT JSON", false, "JSON")
	check("SELECT 1 format CSV SETTINGS x=1", "SELECT 1 format CSV SETTINGS x=1", false, "CSV")
	check("SELECT format FROM t", "SELECT format FROM t", false, "")
	check("INSERT INTO t SELECT 'VALUES', x FROM y", "INSERT INTO t SELECT 'VALUES', x FROM y", false, "")
	check("WITH 1 AS a SELECT a", "WITH 1 AS a SELECT a", true, "")
	check("DESCRIBE TABLE t", "DESCRIBE TABLE t", false, "")
	check("DROP TABLE IF EXISTS a SYNC", "DROP TABLE IF EXISTS a", false, "")
	check("DROP TABLE a NO DELAY SETTINGS x=1", "DROP TABLE a  SETTINGS x=1", false, "")
	check("DROP TABLE sync", "DROP TABLE sync", false, "")
	check("DROP TABLE db.sync SYNC", "DROP TABLE db.sync", false, "")
	check("SELECT 'it''s; \\'; fine'", "SELECT 'it''s; \\'; fine'", true, "")
}

func TestStatementsThatWouldHarmAreRefused(t *testing.T) {
	for query, want := range map[string]string{
		"":                       "empty query",
		" -- nothing":            "empty query",
		";":                      "empty query",
		"SELECT 1; DROP TABLE t": "multi-statements",
		"INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV":                     "INFILE",
		"INSERT INTO t SELECT * FROM input('a UInt8') FORMAT CSV\n1\n\nSELECT 2": "input()",
	} {
		if st, err := parse(query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v", query, st, err)
		}
	}
}

func TestQuoteLeavesNoLineEnd(t *testing.T) {
	if got := quote("a'b\\c\n\r\x00"); got != `'a\'b\\c\n\r\0'` {
		t.Error(got)
	}
}

func FuzzParseNeverPanicsAndSeparatesHeadFromData(f *testing.F) {
	f.Add("INSERT INTO t VALUES (1);")
	f.Add("INSERT INTO t FORMAT Native")
	f.Add("SELECT $a$ ' \" ` -- # /*")
	f.Fuzz(func(t *testing.T, query string) {
		st, err := parse(query)
		if err != nil {
			return
		}
		if n := st.insert; n != nil {
			if !strings.HasSuffix(query, n.data) || !strings.Contains(query[:len(query)-len(n.data)], n.head) {
				t.Errorf("%q: head %q and data %q overlap", query, n.head, n.data)
			}
		}
	})
}
