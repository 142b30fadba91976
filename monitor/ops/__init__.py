"""What a long-running role tells operators: metrics, whether it is stuck, whether it is ready."""
