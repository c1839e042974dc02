package connect

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// certificate makes a key and a certificate for 127.0.0.1 that signs itself, and writes the certificate to a file.
func certificate(t *testing.T) (pair tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func TestKafkaWithTLSAndEachMechanism(t *testing.T) {
	pair, ca := certificate(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mechanism, name := range map[string]string{"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser(name, "watch", "s3cret"),
				kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), kfake.SeedTopics(3, "x"))
			if err != nil {
				t.Fatal(err)
			}
			defer cluster.Close()
			good := Kafka{
				Brokers: cluster.ListenAddrs(), TLS: TLS{Enabled: true, CAFile: ca},
				SASL: SASL{Mechanism: mechanism, Username: "watch", PasswordFile: password},
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			count := func(k Kafka) (int, error) {
				client, err := k.Client()
				if err != nil {
					t.Fatal(err)
				}
				defer CloseKafka(client)
				return PartitionCount(ctx, client, "x")
			}
			if n, err := count(good); err != nil || n != 3 {
				t.Errorf("%d partitions, %v", n, err)
			}
			dialer, err := good.Dialer()
			if err != nil {
				t.Fatal(err)
			}
			if partitions, err := dialer.LookupPartitions(ctx, "tcp", good.Brokers[0], "x"); err != nil || len(partitions) != 3 {
				t.Errorf("the group's dialer sees %v, %v", partitions, err)
			}
			wrong := good
			wrong.SASL.PasswordFile, wrong.SASL.Password = "", "wrong"
			if _, err := count(wrong); err == nil {
				t.Error("a wrong password was taken")
			}
			stranger := good
			stranger.TLS.CAFile = ""
			if _, err := count(stranger); err == nil {
				t.Error("a certificate that nobody we know has signed was taken")
			}
		})
	}
}

func TestRedisWithTLSAndPassword(t *testing.T) {
	pair, ca := certificate(t)
	server := miniredis.NewMiniRedis()
	server.RequireUserAuth("watch", "s3cret")
	if err := server.StartTLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	options := Redis{Addrs: []string{server.Addr()}, Username: "watch", Password: "s3cret", TLS: TLS{Enabled: true, CAFile: ca}}
	for password, works := range map[string]bool{"s3cret": true, "wrong": false} {
		options.Password = password
		client, err := options.StateClient()
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Ping(t.Context()).Err(); (err == nil) != works {
			t.Errorf("password %q: %v", password, err)
		}
		_ = client.Close()
	}
}

// A dead broker must not be waited for longer than the dial's time-out, whatever the caller's context allows.
func TestASilentBrokerIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	client, err := Kafka{Brokers: []string{listener.Addr().String()}}.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer CloseKafka(client)
	client.Timeout = 200 * time.Millisecond
	started := time.Now()
	if _, err := client.Metadata(t.Context(), &kafka.MetadataRequest{}); err == nil || time.Since(started) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(started))
	}
}
