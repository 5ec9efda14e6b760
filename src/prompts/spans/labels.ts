/** Names that few-shot examples give to their inputs and outputs. */

const INPUT_NAMES = new Set(
  "input,q,question,user,human,customer,text,review,sentence,premise,ticket,message,email,e-mail,mail,query,tweet,post,statement,comment,title,headline,passage,article,document,abstract,paragraph,snippet,request,problem,utterance,content,prompt,subject,complaint,claim,report,source,context,description,title and body".split(
    ",",
  ),
);
const OUTPUT_NAMES = new Set(
  "output,a,answer,assistant,ai,bot,agent,label,sentiment,category,class,classification,intent,response,reply,route,result,prediction,topic,priority,severity,solution,target,tag,emotion,verdict,decision,type,completion,expected,expected output,expected answer,ideal output,queue,team,language,translation,summary,score,rating".split(
    ",",
  ),
);

/** Whether a label in lower case names what an example is asked. */
export function isInputName(name: string): boolean {
  return INPUT_NAMES.has(name);
}

/** Whether a label in lower case names what an example answers. */
export function isOutputName(name: string): boolean {
  return OUTPUT_NAMES.has(name);
}
