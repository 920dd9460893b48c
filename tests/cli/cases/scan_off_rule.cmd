fundwatch scan --rules failing --rule cli.wrong county
