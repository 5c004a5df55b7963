"""Interactive Brokers: the wire of TWS and IB Gateway behind the interface of a venue."""
