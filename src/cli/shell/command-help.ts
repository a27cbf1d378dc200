import { Config } from '@oclif/core/config'
import { Help } from '@oclif/core/help'

/** What `kcli help WORDS…` shows, as a text. */
export async function helpOf(words: readonly string[], root: string): Promise<string> {
  const config = await Config.load({ root })
  const help = new TextHelp(config)
  await help.showHelp([...words])
  return help.text
}

class TextHelp extends Help {
  text = ''

  protected override log(...args: string[]): void {
    this.text += `${args.join(' ')}\n`
  }
}
