package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	httpEndpoint := flag.String("http", "", "where to call over HTTP")
	grpcEndpoint := flag.String("grpc", "", "where to call over gRPC")
	flag.Parse()
	var err error
	switch flag.Arg(0) {
	case "serve":
		err = serve()
	case "call":
		err = callAll(*httpEndpoint, *grpcEndpoint)
	case "call-on-demand":
		err = callOnDemand(*grpcEndpoint)
	default:
		err = fmt.Errorf("usage: interop [flags] serve|call|call-on-demand")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
