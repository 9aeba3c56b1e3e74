"""What GatewayService answers, and from where."""
