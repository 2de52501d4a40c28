package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	kerrors "github.com/go-kratos/kratos/v3/errors"
	"github.com/go-kratos/kratos/v3/metadata"
	metadatamiddleware "github.com/go-kratos/kratos/v3/middleware/metadata"
	"github.com/go-kratos/kratos/v3/transport/grpc"
	"github.com/go-kratos/kratos/v3/transport/http"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "kratos-ts.test/interop/gen/interop/v1"
)

// outcome is what came of one call, for the test to compare.
type outcome struct {
	Replies []json.RawMessage `json:"replies,omitempty"`
	Error   *failure          `json:"error,omitempty"`
}

type failure struct {
	Code     int32             `json:"code"`
	Reason   string            `json:"reason"`
	Message  string            `json:"message"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// caller makes the same calls over either transport.
type caller interface {
	say(context.Context, *pb.SayRequest) (*pb.SayReply, error)
	read(context.Context, *pb.ReadRequest) (*pb.SayReply, error)
	fail(context.Context, *pb.FailRequest) (*pb.SayReply, error)
	watch(context.Context, *pb.WatchRequest) (receiver, error)
	collect(context.Context) (collector, error)
	chat(context.Context) (chatter, error)
}

type receiver interface {
	Recv() (*pb.SayReply, error)
}

type collector interface {
	Send(*pb.SayRequest) error
	CloseAndRecv() (*pb.CollectReply, error)
}

type chatter interface {
	receiver
	Send(*pb.SayRequest) error
	CloseSend() error
}

func fullRequest() *pb.SayRequest {
	return &pb.SayRequest{
		Text:   "héllo <b>&",
		Number: 9007199254740993,
		Tags:   []string{"a", "b,c"},
		Labels: map[string]string{"k": "v"},
		Mood:   pb.Mood_MOOD_GOOD,
		At:     &timestamppb.Timestamp{Seconds: 1763596800, Nanos: 123456789},
		Maybe:  proto.Int32(0),
		Data:   []byte{0xfb, 0xff, 0},
		Ratio:  0.5,
	}
}

type result struct {
	outcome outcome
}

func (r *result) add(message proto.Message, err error) bool {
	if errors.Is(err, io.EOF) {
		return false
	}
	if err != nil {
		known := kerrors.FromError(err)
		r.outcome.Error = &failure{known.Code, known.Reason, known.Message, known.Metadata}
		return false
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		panic(err)
	}
	r.outcome.Replies = append(r.outcome.Replies, text)
	return true
}

func (r *result) drain(from receiver, err error) {
	for r.failed(err) == nil {
		message, err := from.Recv()
		if !r.add(message, err) {
			return
		}
	}
}

func (r *result) failed(err error) error {
	if err != nil {
		r.add(nil, err)
	}
	return err
}

func scenarios(c caller) map[string]outcome {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ctx = metadata.AppendToClientContext(ctx, "x-md-global-who", "go", "x-md-local-where", "here")
	outcomes := map[string]outcome{}
	run := func(name string, do func(*result)) {
		r := &result{}
		do(r)
		outcomes[name] = r.outcome
	}

	run("say", func(r *result) {
		message, err := c.say(ctx, fullRequest())
		r.add(message, err)
	})
	run("read", func(r *result) {
		message, err := c.read(ctx, &pb.ReadRequest{
			Name:   "rooms/7",
			Number: 42,
			Said:   &pb.SayRequest{Text: "a b&c", Mood: pb.Mood_MOOD_BAD},
			Moods:  []pb.Mood{pb.Mood_MOOD_GOOD, pb.Mood_MOOD_BAD},
		})
		r.add(message, err)
	})
	run("fail", func(r *result) {
		message, err := c.fail(ctx, &pb.FailRequest{
			Code: 409, Reason: "ROOM_FULL", Message: "no röom", Metadata: map[string]string{"room": "7"},
		})
		r.add(message, err)
	})
	run("fail unexpectedly", func(r *result) {
		message, err := c.fail(ctx, &pb.FailRequest{Unexpected: true, Message: "secret"})
		r.add(message, err)
	})
	run("deadline", func(r *result) {
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		message, err := c.say(short, &pb.SayRequest{Wait: durationpb.New(time.Minute)})
		r.add(message, err)
	})
	run("watch", func(r *result) { r.drain(c.watch(ctx, &pb.WatchRequest{Text: "two\nlines", Count: 3})) })
	run("watch nothing", func(r *result) { r.drain(c.watch(ctx, &pb.WatchRequest{})) })
	run("watch and fail", func(r *result) {
		r.drain(c.watch(ctx, &pb.WatchRequest{Text: "x", Count: 1, Reason: "STOPPED"}))
	})
	run("watch fails at once", func(r *result) {
		r.drain(c.watch(ctx, &pb.WatchRequest{Reason: "STOPPED"}))
	})
	run("collect", func(r *result) {
		stream, err := c.collect(ctx)
		if r.failed(err) != nil {
			return
		}
		for _, text := range []string{"a", "ü", "c"} {
			if r.failed(stream.Send(&pb.SayRequest{Text: text})) != nil {
				return
			}
		}
		message, err := stream.CloseAndRecv()
		r.add(message, err)
	})
	run("collect and fail", func(r *result) {
		stream, err := c.collect(ctx)
		if r.failed(err) != nil {
			return
		}
		if r.failed(stream.Send(&pb.SayRequest{Text: "fail"})) != nil {
			return
		}
		message, err := stream.CloseAndRecv()
		r.add(message, err)
	})
	run("chat", func(r *result) {
		stream, err := c.chat(ctx)
		if r.failed(err) != nil {
			return
		}
		for _, text := range []string{"a", "ü"} {
			if r.failed(stream.Send(&pb.SayRequest{Text: text})) != nil {
				return
			}
			message, err := stream.Recv()
			if !r.add(message, err) {
				return
			}
		}
		if r.failed(stream.CloseSend()) == nil {
			r.drain(stream, nil)
		}
	})
	run("chat and fail", func(r *result) {
		stream, err := c.chat(ctx)
		if r.failed(err) != nil {
			return
		}
		if r.failed(stream.Send(&pb.SayRequest{Text: "fail"})) == nil {
			r.drain(stream, nil)
		}
	})
	return outcomes
}

// callAll makes every call over the transports that an endpoint was given for, and prints what came of it.
func callAll(httpEndpoint, grpcEndpoint string) error {
	ctx := context.Background()
	outcomes := map[string]map[string]outcome{}
	if httpEndpoint != "" {
		client, err := http.NewClient(ctx, http.WithEndpoint(httpEndpoint),
			http.WithTimeout(5*time.Second), http.WithMiddleware(metadatamiddleware.Client()))
		if err != nil {
			return err
		}
		defer client.Close()
		outcomes["http"] = scenarios(httpCaller{client})
	}
	if grpcEndpoint != "" {
		conn, err := grpc.NewClient(ctx, grpc.WithEndpoint(grpcEndpoint), grpc.WithTimeout(5*time.Second),
			grpc.WithMiddleware(metadatamiddleware.Client()), grpc.WithStreamMiddleware(metadatamiddleware.Client()))
		if err != nil {
			return err
		}
		defer conn.Close()
		outcomes["grpc"] = scenarios(grpcCaller{pb.NewEchoServiceClient(conn)})
	}
	return json.NewEncoder(os.Stdout).Encode(outcomes)
}
